import { digestVmTemplate } from '#shared/cluster/template-digest.ts';
import type { DigestKey } from '#shared/cluster/template-digest.ts';
import type { Revision } from '#shared/contract/objects.ts';
import { isRecord } from '#shared/lib/canonical.ts';
import { readMeta } from './meta.ts';
import { poolTemplateOf } from './pool.ts';
import { fieldsOf, intOf } from './read.ts';
import type { Fields } from './read.ts';

/** A pool's revision holds the pool's spec (kubevirt pool.go 6.7); others' revisions have no digest. */
export function trimRevision(raw: Fields, key: DigestKey): Revision {
  const template = poolTemplateOf(fieldsOf(raw['data']));
  return {
    kind: 'ControllerRevision',
    meta: readMeta('ControllerRevision', raw['metadata']),
    revision: intOf(raw['revision']) ?? 0,
    ...(isRecord(template) ? { digest: digestVmTemplate(template, key) } : {}),
  };
}
