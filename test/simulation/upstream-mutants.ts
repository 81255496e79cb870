import type { Cluster, RawObject } from '#shared/cluster/cluster.ts';
import type { Uid } from '#shared/contract/ids.ts';
import type { Observable, Pool, Vm } from '#shared/contract/objects.ts';
import { keepDisksAnnotation, poolFinalizer } from '#shared/contract/words.ts';
import {
  controllerOf,
  desiredOf,
  isTerminating,
  isVm,
  namedAs,
  ownedBy,
  setOf,
} from '#shared/core/objects.ts';
import type { Outcome } from '#shared/core/outcome.ts';
import { readSelection } from '#shared/core/pool/selection.ts';
import type { View } from '#shared/core/view.ts';
import { isRecord } from '#shared/lib/canonical.ts';
import type { Decider } from '../../services/reconciler/decider.ts';
import { isMark } from './changed-parts.ts';
import type { Mutation } from './pipeline.ts';

/**
 * Defects of KubeVirt's own controllers (the numbers are those of the table of situations), each put into
 * ours. Made anew for each history, for some remember what they did in it.
 */
export const upstreamMutants = {
  'B1: a count below zero takes members from the end': () => ({
    decider: (decider) => ({
      ...decider,
      checkPlan: () => [],
      decide: (view, uid, moment) => decider.decide(withSlicedSize(view, uid), uid, moment),
    }),
  }),

  'B2: the count is capped before the selectors are asked': () => ({
    decider: (decider) => ({
      ...decider,
      decide(view, uid, moment) {
        sliceSelected(view, uid);
        return decider.decide(view, uid, moment);
      },
    }),
  }),

  'B4: machines of other pools are healed': () => poaching(isHealing),

  'B5: members that somebody deletes keep the finalizer': () => ({
    decider: (decider) => ({ ...decider, decide: withoutFreeing(decider) }),
  }),

  'B7: under which policy a member went is forgotten': () => ({
    decider: (decider) => ({
      ...decider,
      evolve(view, entry) {
        const touched = decider.evolve(view, entry);
        for (const memory of view.memories.values()) {
          memory.keeps.clear();
          memory.purposes.clear();
        }
        return touched;
      },
    }),
    executorCluster: (cluster) => ({
      ...cluster,
      patch: (ref, patch) =>
        cluster.patch(
          ref,
          patch.type === 'merge' ? { ...patch, body: withoutKeepMark(patch.body) } : patch,
        ),
    }),
  }),

  'B9: disks that are to be replaced are kept': () => ({
    decider: (decider) => ({
      ...decider,
      checkPlan: () => [],
      evolve(view, entry) {
        const touched = decider.evolve(view, entry);
        keepReplaced(view);
        return touched;
      },
    }),
  }),

  'B12: a revision of an earlier pool is reused by its name': () => ({
    decider: (decider) => ({
      ...decider,
      checkPlan: () => [],
      decide: (view, uid, moment) => decider.decide(withReusedRevision(view, uid), uid, moment),
    }),
  }),

  'B13: finalizers of others are dropped': () => ({
    executorCluster: (cluster) => ({
      ...cluster,
      patch: (ref, patch) =>
        cluster.patch(
          ref,
          patch.type === 'merge' ? { ...patch, body: withOneFinalizer(patch.body) } : patch,
        ),
    }),
  }),

  'B14: a pool retires by label': () => poaching(isRetiring),

  'B15: instances are restarted by name': () => ({
    executorCluster: (cluster) => ({
      ...cluster,
      async remove(ref, preconditions) {
        if (ref.kind !== 'VirtualMachineInstance') return cluster.remove(ref, preconditions);
        const answer = await cluster.remove(ref, preconditions);
        return killNext(cluster, { ref, preconditions, answer });
      },
    }),
  }),

  'B16: names of disks are shared': () => ({
    decider: (decider) => ({
      ...decider,
      decide: (view, set, moment) => decider.decide(withoutDisks(view), set, moment),
      checkPlan: () => [],
    }),
  }),

  'B20: machines are replaced wholesale': () => ({
    executorCluster: (cluster) => ({
      ...cluster,
      async patch(ref, patch) {
        const isUpdate = patch.type === 'merge' && 'spec' in patch.body;
        if (ref.kind !== 'VirtualMachine' || !isUpdate) return cluster.patch(ref, patch);
        const live = await cluster.read(ref);
        if (!live.ok) return live;
        return cluster.patch(ref, { ...patch, body: withoutMarks(patch.body, live.value) });
      },
    }),
  }),
} as const satisfies Readonly<Record<string, () => Mutation>>;

export type UpstreamMutant = keyof typeof upstreamMutants;

const apiVersion = 'pool.kubevirt.io/v1beta1';
/** A new instance stands long before. */
const mostLooks = 200;

type Decide = Decider<View>['decide'];

/** What a pool would do if machines of others, found by its label, were its own. */
function poaching(wants: (outcome: Outcome, others: ReadonlySet<string>) => boolean): Mutation {
  const claimed = new Map<string, Pool>();
  return {
    decider: (decider) => ({
      ...decider,
      checkPlan: () => [],
      decide(view, uid, moment) {
        const pool = setOf(view, uid);
        if (pool?.kind !== 'VirtualMachinePool') return decider.decide(view, uid, moment);
        const others = machinesOfOthers(view, pool);
        const greedy = decider.decide(claiming(view, pool, others), uid, moment);
        const names = new Set<string>(others.map(({ meta }) => meta.uid));
        if (!wants(greedy, names)) return decider.decide(view, uid, moment);
        for (const { meta } of others) claimed.set(meta.uid, pool);
        return greedy;
      },
    }),
    executorCluster: (cluster) => ({
      ...cluster,
      async read(ref) {
        const answer = await cluster.read(ref);
        if (!answer.ok) return answer;
        const pool = claimed.get(answer.value.metadata?.uid ?? '');
        return pool === undefined ? answer : { ok: true, value: ownedByPool(answer.value, pool) };
      },
    }),
  };
}

function isHealing(outcome: Outcome, others: ReadonlySet<string>): boolean {
  return removes(outcome, others, 'heal');
}

function isRetiring(outcome: Outcome, others: ReadonlySet<string>): boolean {
  return removes(outcome, others, 'retire');
}

function removes(outcome: Outcome, others: ReadonlySet<string>, purpose: string): boolean {
  if (outcome.type !== 'act') return false;
  return outcome.decided.commands.some(
    (command) =>
      'purpose' in command && command.purpose === purpose && others.has(command.member.uid),
  );
}

function machinesOfOthers(view: View, { meta }: Pool): readonly Vm[] {
  return [...view.objects.values()].filter(
    (object): object is Vm =>
      object.kind === 'VirtualMachine' &&
      object.meta.namespace === meta.namespace &&
      object.meta.labels['app'] === meta.labels['app'] &&
      controllerOf(object.meta)?.uid !== meta.uid,
  );
}

function claiming(view: View, { kind, meta }: Pool, others: readonly Vm[]): View {
  const { name, uid } = meta;
  const owner = { apiVersion, kind, name, uid, controller: true };
  const objects = new Map<Uid, Observable>(view.objects);
  for (const vm of others) {
    objects.set(vm.meta.uid, { ...vm, meta: { ...vm.meta, owners: [owner] } });
  }
  const owned = new Map(view.owned);
  owned.set(uid, new Set([...(owned.get(uid) ?? []), ...others.map((vm) => vm.meta.uid)]));
  return { ...view, objects, owned };
}

function ownedByPool(object: RawObject, { kind, meta }: Pool): RawObject {
  const { name, uid } = meta;
  const owner = { apiVersion, kind, name, uid, controller: true };
  return { ...object, metadata: { ...object.metadata, ownerReferences: [owner] } };
}

/** What is too much, less what is going, counts from the end of the members when it is below zero. */
function withSlicedSize(view: View, uid: Uid): View {
  const pool = setOf(view, uid);
  if (pool?.kind !== 'VirtualMachinePool') return view;
  const members = ownedBy(view, uid).filter(({ kind }) => kind === 'VirtualMachine');
  const staying = members.filter((vm) => !isTerminating(vm));
  const surplus = members.length - desiredOf(pool);
  const count = surplus - (members.length - staying.length);
  if (surplus <= 0 || count >= 0) return view;
  const replicas = staying.length - staying.slice(0, count).length;
  return { ...view, objects: new Map(view.objects).set(uid, { ...pool, replicas }) };
}

/** As many as are too many are taken from those that the selectors leave, which may be fewer. */
function sliceSelected(view: View, uid: Uid): void {
  const pool = setOf(view, uid);
  if (pool?.kind !== 'VirtualMachinePool' || pool.paused || isTerminating(pool)) return;
  const selects = readSelection(pool.scaleIn?.selection);
  if (pool.scaleIn?.type !== 'proactive' || typeof selects !== 'function') return;
  const staying = ownedBy(view, uid)
    .filter((vm) => isVm(vm))
    .filter((vm) => !isTerminating(vm));
  const surplus = staying.length - desiredOf(pool);
  if (surplus > staying.filter(selects).length) throw new RangeError('slice bounds out of range');
}

/** The policy of scale-in is asked of machines that go because of their disks. */
function keepReplaced(view: View): void {
  for (const [uid, { keeps, purposes }] of view.memories) {
    const pool = setOf(view, uid);
    if (pool?.kind !== 'VirtualMachinePool') continue;
    if ((pool.scaleIn?.preservation ?? 'Disabled') === 'Disabled') continue;
    for (const [member, purpose] of purposes) if (purpose === 'replace') keeps.add(member);
  }
}

/** The revision that has the name of the pool's generation is taken for its own and current one. */
function withReusedRevision(view: View, uid: Uid): View {
  const pool = setOf(view, uid);
  const digest = pool?.template?.digest;
  if (pool?.kind !== 'VirtualMachinePool' || digest === undefined) return view;
  const { kind, meta } = pool;
  const name = `${meta.name}-${meta.generation}`;
  const place = { namespace: meta.namespace, name };
  const [revision] = namedAs(view, 'ControllerRevision', place);
  if (revision?.kind !== 'ControllerRevision') return view;
  const owner = { apiVersion, kind, name: meta.name, uid, controller: true };
  const reused = { ...revision, digest, meta: { ...revision.meta, owners: [owner] } };
  const objects = new Map<Uid, Observable>(view.objects).set(reused.meta.uid, reused);
  const owned = new Map(view.owned);
  owned.set(uid, new Set([...(owned.get(uid) ?? []), reused.meta.uid]));
  return { ...view, objects, owned };
}

function withoutFreeing(decider: Decider<View>): Decide {
  return (view, set, moment) => {
    const outcome = decider.decide(view, set, moment);
    if (outcome.type !== 'act') return outcome;
    const frees = outcome.decided.commands.some(
      (command) => command.verb === 'free-member' && command.purpose === 'free',
    );
    return frees ? { type: 'wait', because: 'somebody else has deleted them' } : outcome;
  };
}

function withOneFinalizer(body: RawObject): RawObject {
  const { metadata } = body;
  if (!Array.isArray(metadata?.['finalizers'])) return body;
  return { ...body, metadata: { ...metadata, finalizers: [poolFinalizer] } };
}

/** Nor does the machine itself say it. */
function withoutKeepMark(body: RawObject): RawObject {
  const { metadata } = body;
  const annotations = metadata?.['annotations'];
  if (!isRecord(annotations)) return body;
  const { [keepDisksAnnotation]: _, ...rest } = annotations;
  return { ...body, metadata: { ...metadata, annotations: rest } };
}

type Kill = {
  readonly ref: Parameters<Cluster['remove']>[0];
  readonly preconditions: Parameters<Cluster['remove']>[1];
  readonly answer: Awaited<ReturnType<Cluster['remove']>>;
};

/** The delete is repeated for as long as the old instance is seen, and the last one comes too late. */
async function killNext(cluster: Cluster, { ref, preconditions, answer }: Kill) {
  if (!answer.ok) return answer;
  for (let look = 0; look < mostLooks; look += 1) {
    const live = await cluster.read(ref);
    const { uid } = live.ok ? { uid: live.value.metadata?.uid } : {};
    if (uid === undefined || uid === preconditions.uid) continue;
    // oxlint-disable-next-line typescript/unbound-method -- bound by apply, which takes no precondition
    return Reflect.apply(cluster.remove, cluster, [ref, {}]);
  }
  return answer;
}

/** Nobody is known to have a disk of any name. */
function withoutDisks(view: View): View {
  const named = new Map(view.named);
  named.delete('DataVolume');
  named.delete('PersistentVolumeClaim');
  return { ...view, named, makers: new Map(), claiming: new Map() };
}

/** Labels and annotations that the template does not have are taken off. */
function withoutMarks(body: RawObject, live: RawObject): RawObject {
  const metadata = { ...body.metadata };
  for (const field of ['labels', 'annotations'] as const) {
    const [wanted, known] = [metadata[field], live.metadata?.[field]];
    const marks = Object.keys(isRecord(known) ? known : {}).filter(isMark);
    const gone = Object.fromEntries(marks.map((mark) => [mark, null]));
    metadata[field] = { ...(isRecord(wanted) ? wanted : {}), ...gone };
  }
  return { ...body, metadata };
}
