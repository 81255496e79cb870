import { diskTemplate } from '../../support/small-machines.ts';
import type { Place } from './place.ts';

/** One disk of each member, by the name that its pool gives it. */
export const diskName = 'data';

type Member = { readonly namespace: string; readonly name: string };

/**
 * Sees to it that a member has its disk: waits for KubeVirt and CDI to make it, and does their part where
 * they do not run, with the owners that they would write.
 */
export async function ensureDisk(place: Place, member: Member): Promise<void> {
  const { startsMachines, makesClaims, servesDataVolumes } = place.abilities;
  const { namespace, name } = member;
  const disk = `${diskName}${name.slice(name.lastIndexOf('-'))}`;
  const vm = { apiVersion: 'kubevirt.io/v1', kind: 'VirtualMachine', name };
  const dataVolume = { apiVersion: 'cdi.kubevirt.io/v1beta1', kind: 'DataVolume', name: disk };
  if (servesDataVolumes && !startsMachines) {
    const { name: _, ...kind } = dataVolume;
    const part = await partOf(place, vm, { namespace, disk });
    await place.create({ ...kind, ...part, spec: diskTemplate });
  }
  if (servesDataVolumes) {
    const made = async () => (await place.uid(`datavolume/${disk}`, namespace)) !== '';
    await place.comes(`the DataVolume ${disk}`, made);
  }
  if (!makesClaims) {
    const part = await partOf(place, servesDataVolumes ? dataVolume : vm, { namespace, disk });
    const kind = { apiVersion: 'v1', kind: 'PersistentVolumeClaim' };
    await place.create({ ...kind, ...part, spec: diskTemplate.pvc });
  }
  const claimed = async () => (await place.uid(`pvc/${disk}`, namespace)) !== '';
  await place.comes(`the claim ${disk}`, claimed);
}

type Owner = { readonly apiVersion: string; readonly kind: string; readonly name: string };

async function partOf(
  place: Place,
  owner: Owner,
  { namespace, disk }: { readonly namespace: string; readonly disk: string },
) {
  const uid = await place.uid(`${owner.kind.toLowerCase()}/${owner.name}`, namespace);
  const reference = { ...owner, uid, controller: true, blockOwnerDeletion: true };
  return { metadata: { name: disk, namespace, ownerReferences: [reference] } };
}
