import type { RawObject } from '#shared/cluster/cluster.ts';
import { ordinalOf, poolMemberName, stemOf } from '#shared/core/names.ts';
import type { DeletedVolumeRow, SetRow } from '#shared/store/tables.ts';
import {
  isTerminating,
  listAt,
  nameOf,
  namespaceOf,
  textAt,
  uidOf,
  vmTemplateOf,
} from './raw-fields.ts';
import { formatSet } from './set-reference.ts';

/** A disk that stands without a machine. */
export type Leftover = {
  readonly namespace: string;
  readonly claim: string | undefined;
  readonly dataVolume: string | undefined;
  readonly storageClass: string | undefined;
  readonly size: string | undefined;
  /** Since when it exists; of the book alone, since when it is kept. */
  readonly since: Date;
  /** The set whose member left it. */
  readonly set: string | undefined;
  readonly ordinal: number | undefined;
  /** The member that would start on it: set, and name of the machine. */
  readonly takenUpBy: { readonly set: string; readonly member: string } | undefined;
  readonly cause: string | undefined;
};

export type Disks = {
  readonly pools: readonly RawObject[];
  readonly vms: readonly RawObject[];
  readonly dataVolumes: readonly RawObject[];
  readonly claims: readonly RawObject[];
};

/**
 * Disks that nobody owns and no machine uses, and that either the book tells to have been kept or the next
 * machine of a pool would start on: a machine that finds a DataVolume of its name takes it up (kubevirt
 * vm.go).
 */
export function leftoversIn(disks: Disks, kept: readonly DeletedVolumeRow[]): readonly Leftover[] {
  const byUid = new Map(
    kept.flatMap((row) =>
      [row.claim_uid, row.data_volume_uid].flatMap((uid) => (uid === null ? [] : [[uid, row]])),
    ),
  );
  const used = usedNames(disks.vms);
  const dataVolumes = new Map(disks.dataVolumes.map((object) => [placeOf(object), object]));
  const stems = stemsOf(disks.pools);
  return disks.claims.flatMap((claim): readonly Leftover[] => {
    const dataVolume = dataVolumes.get(placeOf(claim));
    if (used.has(placeOf(claim)) || !isFree(claim, dataVolume)) return [];
    const row =
      byUid.get(uidOf(claim)) ??
      (dataVolume === undefined ? undefined : byUid.get(uidOf(dataVolume)));
    const takenUpBy = takerOf(claim, stems);
    if (row === undefined && takenUpBy === undefined) return [];
    return [leftover({ claim, dataVolume, row, takenUpBy })];
  });
}

/** What the book alone tells: whether the disk is still there, only the cluster knows. */
export function leftoversInBook(
  kept: readonly DeletedVolumeRow[],
  sets: readonly SetRow[],
): readonly Leftover[] {
  const living = new Set(sets.map((set) => set.set_uid));
  return kept.map((row) => {
    const set = formatSet(row.set_kind, row.set_name);
    const isTaken = living.has(row.set_uid) && row.ordinal !== null;
    const member = row.ordinal === null ? '' : poolMemberName(row.set_name, row.ordinal);
    return {
      namespace: row.namespace,
      claim: row.claim ?? undefined,
      dataVolume: row.data_volume ?? undefined,
      storageClass: row.storage_class ?? undefined,
      size: row.size ?? undefined,
      since: row.recorded_at,
      set,
      ordinal: row.ordinal ?? undefined,
      takenUpBy: isTaken ? { set, member } : undefined,
      cause: row.cause,
    };
  });
}

type Found = {
  readonly claim: RawObject;
  readonly dataVolume: RawObject | undefined;
  readonly row: DeletedVolumeRow | undefined;
  readonly takenUpBy: Leftover['takenUpBy'];
};

function leftover({ claim, dataVolume, row, takenUpBy }: Found): Leftover {
  const created = textAt(claim, 'metadata', 'creationTimestamp');
  return {
    namespace: namespaceOf(claim),
    claim: nameOf(claim),
    dataVolume: dataVolume === undefined ? undefined : nameOf(dataVolume),
    storageClass: textAt(claim, 'spec', 'storageClassName'),
    size:
      textAt(claim, 'status', 'capacity', 'storage') ??
      textAt(claim, 'spec', 'resources', 'requests', 'storage'),
    since: created === undefined ? new Date(0) : new Date(created),
    set: row === undefined ? takenUpBy?.set : formatSet(row.set_kind, row.set_name),
    ordinal: row?.ordinal ?? ordinalOf(nameOf(claim)),
    takenUpBy,
    cause: row?.cause,
  };
}

/** Only its own DataVolume may own the claim, and nobody the DataVolume. */
function isFree(claim: RawObject, dataVolume: RawObject | undefined): boolean {
  if (isTerminating(claim)) return false;
  if (dataVolume !== undefined) {
    if (isTerminating(dataVolume) || ownerUids(dataVolume).length > 0) return false;
  }
  return ownerUids(claim).every((uid) => dataVolume !== undefined && uid === uidOf(dataVolume));
}

function ownerUids(object: RawObject): readonly (string | undefined)[] {
  return listAt(object, 'metadata', 'ownerReferences').map((owner) => textAt(owner, 'uid'));
}

/** Claims that a machine names in its volumes, or makes. */
function usedNames(vms: readonly RawObject[]): ReadonlySet<string> {
  return new Set(
    vms.flatMap((vm) => {
      const names = [
        ...listAt(vm, 'spec', 'template', 'spec', 'volumes').flatMap((volume) => [
          textAt(volume, 'dataVolume', 'name'),
          textAt(volume, 'persistentVolumeClaim', 'claimName'),
        ]),
        ...listAt(vm, 'spec', 'dataVolumeTemplates').map((one) => textAt(one, 'metadata', 'name')),
      ];
      return names.flatMap((name) => (name === undefined ? [] : [`${namespaceOf(vm)}/${name}`]));
    }),
  );
}

/** Pools by namespace and name of a dataVolumeTemplate. */
function stemsOf(pools: readonly RawObject[]): ReadonlyMap<string, RawObject> {
  return new Map(
    pools.flatMap((pool) =>
      listAt(vmTemplateOf(pool), 'spec', 'dataVolumeTemplates').flatMap((one) => {
        const name = textAt(one, 'metadata', 'name');
        return name === undefined ? [] : [[`${namespaceOf(pool)}/${name}`, pool] as const];
      }),
    ),
  );
}

function takerOf(claim: RawObject, stems: ReadonlyMap<string, RawObject>): Leftover['takenUpBy'] {
  const ordinal = ordinalOf(nameOf(claim));
  const stem = stemOf(nameOf(claim));
  if (ordinal === undefined || stem === undefined) return undefined;
  const pool = stems.get(`${namespaceOf(claim)}/${stem}`);
  if (pool === undefined || isTerminating(pool)) return undefined;
  return {
    set: formatSet('VirtualMachinePool', nameOf(pool)),
    member: poolMemberName(nameOf(pool), ordinal),
  };
}

function placeOf(object: RawObject): string {
  return `${namespaceOf(object)}/${nameOf(object)}`;
}
