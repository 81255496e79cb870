import type { TemplateDigest } from '#shared/contract/objects.ts';
import { compareDigests, sameVolumes } from '../template.ts';

/**
 * What a change of the template asks of a member, from least to most: nothing, a patch of the VM alone, a
 * restart of what runs, or new disks. `unknown` when the two digests say nothing about each other, which
 * must never be read as a change. Source: kubevirt pool.go 6.8.
 */
export type Edit = 'none' | 'machine' | 'restart' | 'replace' | 'unknown';

export function editBetween(from: TemplateDigest | undefined, to: TemplateDigest): Edit {
  switch (compareDigests(from, to)) {
    case 'unknown':
      return 'unknown';
    case 'same':
      return 'none';
    case 'different':
      return from === undefined ? 'unknown' : changeBetween(from, to);
  }
}

function changeBetween(from: TemplateDigest, to: TemplateDigest): Edit {
  if (!sameVolumes(from.volumes, to.volumes)) return 'replace';
  const sameInstance = from.vmiSpec === to.vmiSpec && from.vmiMetadata === to.vmiMetadata;
  return sameInstance ? 'machine' : 'restart';
}
