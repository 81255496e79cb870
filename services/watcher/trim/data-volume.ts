import type { DataVolume } from '#shared/contract/objects.ts';
import { readStorage } from './disks.ts';
import { readMeta } from './meta.ts';
import { fieldsOf, textOf } from './read.ts';
import type { Fields } from './read.ts';

export function trimDataVolume(raw: Fields): DataVolume {
  const status = fieldsOf(raw['status']);
  const phase = textOf(status['phase']);
  const claimName = textOf(status['claimName']);
  return {
    kind: 'DataVolume',
    meta: readMeta('DataVolume', raw['metadata']),
    ...readStorage(raw['spec']),
    ...(phase === undefined ? {} : { phase }),
    ...(claimName === undefined ? {} : { claimName }),
  };
}
