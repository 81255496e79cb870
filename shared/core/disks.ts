import type { EndangeredDisk, KeptDisk } from '#shared/contract/commands.ts';
import type { Uid } from '#shared/contract/ids.ts';
import type {
  Claim,
  DataVolume,
  Member,
  Meta,
  Observable,
  Volume,
} from '#shared/contract/objects.ts';
import { compareText } from '#shared/lib/order.ts';
import { ordinalOf } from './names.ts';
import { namedAs, ownedBy } from './objects.ts';
import type { View } from './view.ts';

/** Most disks that one plan lists, so that it fits a message of the log. */
export const disksPerPlan = 800;

/**
 * The disks that would go if a member did: DataVolumes that it owns, claims owned by those or by itself.
 * A claim that it merely uses outlives it and is not listed. Found by owner as well as by name, because
 * a volume may have been taken out of the spec while its disk still hangs on the VM.
 */
export function endangeredDisks(view: View, member: Member): readonly EndangeredDisk[] {
  const names = new Set(member.claims.map((claim) => claim.name));
  if (member.kind === 'VirtualMachine') for (const disk of member.disks) names.add(disk.name);
  const near = [
    ...ownedBy(view, member.meta.uid),
    ...[...names].flatMap((name) => disksNamed(view, member.meta.namespace, name)),
  ];
  const found = new Map(near.map((object) => [object.meta.uid, object]));
  const dataVolumes = [...found.values()].filter(
    (object) => object.kind === 'DataVolume' && isOwnedBy(object.meta, member.meta.uid),
  );
  const disks: EndangeredDisk[] = [];
  const listed = new Set<Uid>();
  for (const dataVolume of dataVolumes) {
    if (dataVolume.kind !== 'DataVolume') continue;
    const claims = claimsOf(view, dataVolume);
    for (const claim of claims) listed.add(claim.meta.uid);
    if (claims.length === 0) disks.push(diskOf(view, member, { dataVolume }));
    for (const claim of claims) disks.push(diskOf(view, member, { dataVolume, claim }));
  }
  for (const claim of found.values()) {
    if (claim.kind !== 'PersistentVolumeClaim' || listed.has(claim.meta.uid)) continue;
    if (isOwnedBy(claim.meta, member.meta.uid)) disks.push(diskOf(view, member, { claim }));
  }
  return disks.toSorted((left, right) => compareText(labelOf(left), labelOf(right)));
}

/** Disks of this name that nobody owns, with their claims. */
export function keptDisks(
  view: View,
  place: { readonly namespace: string; readonly name: string },
): readonly KeptDisk[] {
  const dataVolumes = namedAs(view, 'DataVolume', place).filter(
    (object) => object.kind === 'DataVolume',
  );
  if (dataVolumes.length > 0) {
    return dataVolumes.flatMap((dataVolume) => {
      const claims = claimsOf(view, dataVolume);
      if (claims.length === 0) return [partsOf(view, { dataVolume })];
      return claims.map((claim) => partsOf(view, { dataVolume, claim }));
    });
  }
  return namedAs(view, 'PersistentVolumeClaim', place)
    .filter((object) => object.kind === 'PersistentVolumeClaim')
    .filter(({ meta }) => meta.owners.length === 0)
    .map((claim) => partsOf(view, { claim }));
}

function disksNamed(view: View, namespace: string, name: string): readonly Observable[] {
  return [
    ...namedAs(view, 'DataVolume', { namespace, name }),
    ...namedAs(view, 'PersistentVolumeClaim', { namespace, name }),
  ];
}

/** Claims that go with a DataVolume. */
function claimsOf(view: View, dataVolume: DataVolume): readonly Claim[] {
  const { namespace, name, uid } = dataVolume.meta;
  const place = { namespace, name: dataVolume.claimName ?? name };
  const claims = new Map<Uid, Claim>();
  const near = [...namedAs(view, 'PersistentVolumeClaim', place), ...ownedBy(view, uid)];
  for (const claim of near) {
    if (claim.kind === 'PersistentVolumeClaim' && isOwnedBy(claim.meta, uid)) {
      claims.set(claim.meta.uid, claim);
    }
  }
  return [...claims.values()];
}

function isOwnedBy(meta: Meta, owner: Uid): boolean {
  return meta.owners.some(({ uid }) => uid === owner);
}

type Parts = { readonly dataVolume?: DataVolume; readonly claim?: Claim };

function diskOf(view: View, member: Member, parts: Parts): EndangeredDisk {
  const ordinal = ordinalOf(member.meta.name);
  return {
    ...partsOf(view, parts),
    member: {
      ...nameAndUid(member.meta),
      ...(member.kind === 'VirtualMachine' && ordinal !== undefined && { ordinal }),
    },
  };
}

function partsOf(view: View, { dataVolume, claim }: Parts): KeptDisk {
  const storageClass = claim?.storageClass ?? dataVolume?.storageClass;
  const size = claim?.size ?? dataVolume?.size;
  const volume = claim?.volumeName;
  return {
    ...(claim !== undefined && { claim: nameAndUid(claim.meta) }),
    ...(dataVolume !== undefined && { dataVolume: nameAndUid(dataVolume.meta) }),
    ...(volume !== undefined && { volume: volumeOf(view, volume) }),
    ...(storageClass !== undefined && { storageClass }),
    ...(size !== undefined && { size }),
  };
}

function volumeOf(view: View, name: string): NonNullable<EndangeredDisk['volume']> {
  const volume = namedAs(view, 'PersistentVolume', { namespace: '', name }).find(isVolume);
  return volume === undefined ? { name } : nameAndUid(volume.meta);
}

function isVolume(object: Observable): object is Volume {
  return object.kind === 'PersistentVolume';
}

function nameAndUid({ name, uid }: Meta): { readonly name: string; readonly uid: Uid } {
  return { name, uid };
}

function labelOf(disk: EndangeredDisk): string {
  return `${disk.dataVolume?.name ?? ''}/${disk.claim?.name ?? ''}/${disk.claim?.uid ?? ''}`;
}
