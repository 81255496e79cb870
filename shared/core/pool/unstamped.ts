import type { Pool, Vm } from '#shared/contract/objects.ts';
import { claimNamesFor, ordinalOf, poolMemberName } from '../names.ts';
import type { Edit } from './edit.ts';

/**
 * What the template asks of a VM of which no revision of the pool says what it was made from, such as one
 * that was handed over. One without an ordinal of ours is left alone (B22): stamped like another member, it
 * would share that one's disks. One that does not make the disks of its ordinal needs new ones.
 */
export function unstampedEdit({ template, meta }: Pool, vm: Vm): Edit | 'unstamped' {
  const ordinal = ordinalOf(vm.meta.name);
  if (ordinal === undefined || template === undefined) return 'unknown';
  if (template.disks.length === 0 && vm.disks.length === 0) return 'unstamped';
  if (vm.meta.name !== poolMemberName(meta.name, ordinal)) return 'unknown';
  const makes = new Set(vm.disks.map(({ name }) => name));
  const wanted = claimNamesFor(template, ordinal).makes;
  const same = wanted.length === makes.size && wanted.every((name) => makes.has(name));
  return same ? 'unstamped' : 'replace';
}
