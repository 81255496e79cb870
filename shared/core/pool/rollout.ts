import type { Pool, Revision, Update, Vm, Vmi } from '#shared/contract/objects.ts';
import { replaceDisksAnnotation, revisionLabel } from '#shared/contract/words.ts';
import type { Situation } from '../situation.ts';
import { deadlinesOf } from './deadline.ts';
import type { Edit } from './edit.ts';
import { editFrom } from './handed-over.ts';
import { keepMarkOf } from './keep-mark.ts';
import { instancesOf, isUnavailable } from './instances.ts';
import type { PoolMembers } from './members.ts';
import { currentOf } from './revision.ts';
import { mayRestart } from './run-strategy.ts';
import { readSelection, sorted } from './selection.ts';
import { limitsOf, settledOf } from './surge.ts';
import { unstampedEdit } from './unstamped.ts';

/** Where a member stands in a roll-out. */
export type Standing = {
  readonly vm: Vm;
  /** What it runs; absent also while that is on its way out. */
  readonly vmi: Vmi | undefined;
  /** What the template asks of the VM. `unstamped`: no revision of this pool says what it was made from. */
  readonly edit: Edit | 'unstamped';
  /** What its running instance needs once the VM is as it ought to be. */
  readonly instance: 'none' | 'label' | 'restart' | 'unknown';
};

export type Rollout = {
  readonly strategy: Update;
  /** The revision that keeps the pool's template. */
  readonly current: Revision | undefined;
  /** Somebody has named the current revision: members may lose their disks for it. */
  readonly mayReplaceDisks: boolean;
  /** Members that are not as the template says and that the selectors let it touch, in their order. */
  readonly open: readonly Standing[];
  /** Members that have yet to be restarted or replaced, and may be. */
  readonly due: readonly Standing[];
  /** Updated members that are not available while a roll-out goes on. */
  readonly waiting: readonly Vm[];
  /** Those of them that did not become ready in time: nothing more is taken down meanwhile. */
  readonly stuck: readonly Vm[];
  /** When the next member would count as stuck. */
  readonly stuckAt: number | undefined;
  /** Extra members that a roll-out may have now. */
  readonly surge: number;
  /** Members that were extra once and have come to be of the others; only such as are up to date. */
  readonly settled: readonly Vm[];
  /** Members that may be taken down now; zero or less for none. */
  readonly budget: number;
  /** Members that are as the template says, and run so. */
  readonly updated: number;
  /** Members behind the template, by the revision that they were made from. */
  readonly behind: ReadonlyMap<string, number>;
  /** Revisions that running instances were made from. */
  readonly instancesFrom: ReadonlySet<string>;
  /** Why the selectors cannot be read. */
  readonly problem: string | undefined;
};

/**
 * How far the template has come. KubeVirt's default is a proactive update of all members at once; the
 * limits of `rollingUpdate` go before the one of the spec.
 */
export function rolloutOf(situation: Situation<Pool>, members: PoolMembers): Rollout {
  const { set } = situation;
  const strategy: Update = set.update ?? { type: 'proactive' };
  const selects = readSelection(strategy.selection);
  const current = currentOf(set, members.revisions);
  const named = set.meta.annotations[replaceDisksAnnotation];
  const mayReplaceDisks = named !== undefined && named === current?.meta.name;
  const looked = lookAt(situation, members, current);
  const open = openOf(set, strategy, { looked, selects });
  const rolls = strategy.type === 'proactive';
  const due = rolls ? open.filter((standing) => isDue(standing, mayReplaceDisks)) : [];
  const { waiting, stuck, stuckAt } = deadlinesOf(situation, {
    current,
    rolling: due.length > 0,
    members: rolls ? looked.current : [],
  });
  // Extra members alone need no others beside them: they go.
  const needsExtras = due.some(({ vm }) => !members.extras.has(vm.meta.uid));
  const limits = limitsOf(situation, { ...looked, strategy, members, rolling: needsExtras });
  const { updated, behind, instancesFrom } = looked;
  return {
    ...{ strategy, current, mayReplaceDisks, open, due, waiting, stuck, stuckAt },
    ...limits,
    settled: settledOf(situation.set, members, limits.surge).filter((vm) =>
      isAsStamped(looked, vm),
    ),
    ...{ updated, behind, instancesFrom },
    problem: typeof selects === 'function' ? undefined : selects.problem,
  };
}

/** An updated member, with what it runs. */
export type Current = { readonly vm: Vm; readonly vmi: Vmi | undefined; readonly leaving: boolean };

type Looked = {
  readonly open: readonly Standing[];
  /** Updated members that are not available. */
  readonly current: readonly Current[];
  /** Members that are not available, and those of them that are not extra. */
  readonly down: number;
  readonly othersDown: number;
  readonly updated: number;
  readonly behind: ReadonlyMap<string, number>;
  readonly instancesFrom: ReadonlySet<string>;
};

/** One pass over the members; only those that are behind cost more than a glance. */
function lookAt(
  situation: Situation<Pool>,
  { staying, extras, revisions }: PoolMembers,
  kept: Revision | undefined,
): Looked {
  const { set, memory } = situation;
  const open: Standing[] = [];
  const current: Current[] = [];
  const behind = new Map<string, number>();
  const instancesFrom = new Set<string>();
  let [down, othersDown, updated] = [0, 0, 0];
  let lastIts: string | undefined;
  const digest = set.template?.digest;
  if (digest === undefined) {
    return { open, current, down, othersDown, updated, behind, instancesFrom };
  }
  const editOf = editsTo(revisions, (revision) =>
    editFrom(revision, { digest, current: kept, changedAt: memory.templateChangedAt }),
  );
  const { instanceOf, isLeaving } = instancesOf(situation);
  for (const vm of staying) {
    const vmi = instanceOf(vm);
    const leaving = vmi !== undefined && isLeaving(vmi);
    const from = vm.meta.labels[revisionLabel];
    const its = vmi?.meta.labels[revisionLabel];
    if (its !== undefined && its !== lastIts) instancesFrom.add((lastIts = its));
    const stamped = editOf(from);
    const edit = stamped === 'unstamped' ? unstampedEdit(set, vm) : stamped;
    const instance =
      leaving || vmi === undefined || from === undefined || from === its
        ? 'none'
        : needOf(editOf(its));
    if (edit === 'none' && instance !== 'restart') updated += 1;
    if (edit !== 'none' && from !== undefined) behind.set(from, (behind.get(from) ?? 0) + 1);
    const running = leaving ? undefined : vmi;
    const isDown = leaving || isUnavailable(vm, running);
    if (isDown) down += 1;
    if (isDown && !extras.has(vm.meta.uid)) othersDown += 1;
    if (edit !== 'none' || instance !== 'none') open.push({ vm, vmi: running, edit, instance });
    else if (isDown) current.push({ vm, vmi, leaving });
  }
  return { open, current, down, othersDown, updated, behind, instancesFrom };
}

function isAsStamped({ open }: Looked, vm: Vm): boolean {
  return !open.some((standing) => standing.vm === vm && standing.edit !== 'none');
}

/** Remembers what lies between each revision and the template. */
function editsTo(
  revisions: readonly Revision[],
  editFromOne: (revision: Revision) => Edit,
): (name: string | undefined) => Standing['edit'] {
  const edits = new Map<string | undefined, Edit>(
    revisions.map((revision) => [revision.meta.name, editFromOne(revision)]),
  );
  let last: { readonly name: string | undefined; readonly edit: Standing['edit'] } | undefined;
  return (name) => {
    // Most members are of one revision.
    if (last === undefined || last.name !== name) {
      last = { name, edit: edits.get(name) ?? 'unstamped' };
    }
    return last.edit;
  };
}

function openOf(
  { meta }: Pool,
  { selection, type }: Update,
  {
    looked,
    selects,
  }: { readonly looked: Looked; readonly selects: ReturnType<typeof readSelection> },
): readonly Standing[] {
  if (typeof selects !== 'function' || looked.open.length === 0) return [];
  const chosen = looked.open.filter(({ vm }) => selects(vm));
  const sort = selection?.sort ?? 'AscendingOrder';
  // Members stand by their ordinals already.
  if (sort === 'AscendingOrder' || type !== 'proactive') return chosen;
  const standings = new Map(chosen.map((standing) => [standing.vm, standing]));
  return sorted([...standings.keys()], sort, `${meta.uid}/${meta.generation}`).flatMap(
    (vm) => standings.get(vm) ?? [],
  );
}

/** Source: kubevirt pool.go, isOutdatedVMI. An instance without a label was not made from a stamped VM. */
function needOf(edit: Standing['edit']): Standing['instance'] {
  switch (edit) {
    case 'none':
    case 'machine':
      return 'label';
    case 'restart':
    case 'replace':
    case 'unstamped':
      return 'restart';
    case 'unknown':
      return 'unknown';
  }
}

/**
 * Whether a member has to be taken down. One that would stay down is left as it runs, and has the new
 * template from its next start on; and one that is to keep its disks would come back with them.
 */
function isDue({ vm, vmi, edit, instance }: Standing, mayReplaceDisks: boolean): boolean {
  switch (edit) {
    case 'replace':
      return mayReplaceDisks && keepMarkOf(vm.meta.annotations) !== 'wished';
    case 'restart':
    case 'unstamped':
      return vmi !== undefined && mayRestart(vm, vmi);
    case 'none':
      return instance === 'restart' && vmi !== undefined && mayRestart(vm, vmi);
    case 'machine':
    case 'unknown':
      return false;
  }
}
