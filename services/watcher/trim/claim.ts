import type { Claim } from '#shared/contract/objects.ts';
import { readClaimSpec } from './disks.ts';
import { readMeta } from './meta.ts';
import { fieldsOf, quantityOf, textOf } from './read.ts';
import type { Fields } from './read.ts';

/** The size is what was given, once bound; until then what was asked for. */
export function trimClaim(raw: Fields): Claim {
  const { spec } = raw;
  const status = fieldsOf(raw['status']);
  const given = quantityOf(fieldsOf(status['capacity'])['storage']);
  const phase = textOf(status['phase']);
  const volumeName = textOf(fieldsOf(spec)['volumeName']);
  return {
    kind: 'PersistentVolumeClaim',
    meta: readMeta('PersistentVolumeClaim', raw['metadata']),
    ...readClaimSpec(spec),
    ...(given === undefined ? {} : { size: given }),
    ...(phase === undefined ? {} : { phase }),
    ...(volumeName === undefined ? {} : { volumeName }),
  };
}
