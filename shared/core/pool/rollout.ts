import type { Pool, Update, Vm, Vmi } from '#shared/contract/objects.ts';
import { progressDeadlineAnnotation, revisionLabel } from '#shared/contract/words.ts';
import { desiredOf, isReady, isTerminating, namedAs } from '../objects.ts';
import { mostDestroyed } from '../mass-delete.ts';
import type { Situation } from '../situation.ts';
import { msOf } from '../time.ts';
import { membersOf } from './amount.ts';
import { editBetween, type Edit } from './edit.ts';
import { ownRevisions } from './revision.ts';
import { readSelection, sorted } from './selection.ts';

/** Where a member stands in a roll-out. */
export type Standing = {
  readonly vm: Vm;
  readonly vmi: Vmi | undefined;
  /** What the template asks of the VM. `unstamped`: no revision of this pool says what it was made from. */
  readonly edit: Edit | 'unstamped';
  /** What its running instance needs once the VM is as it ought to be. */
  readonly instance: 'none' | 'label' | 'restart' | 'unknown';
  readonly unavailable: boolean;
};

export type Rollout = {
  readonly strategy: Update;
  /** All members that stay. */
  readonly all: readonly Standing[];
  /** Members that stay and that the strategy's selectors let it touch, in the order in which they go. */
  readonly standings: readonly Standing[];
  /** Members that have yet to be restarted or replaced. */
  readonly due: readonly Standing[];
  /** Updated members that did not become ready in time: nothing more is taken down meanwhile. */
  readonly stuck: readonly Standing[];
  /** When the next member would count as stuck. */
  readonly stuckAt: number | undefined;
  /** Extra members that a roll-out may have now. */
  readonly surge: number;
  /** Members that may be taken down now; zero or less for none. */
  readonly budget: number;
  /** Why the selectors cannot be read. */
  readonly problem: string | undefined;
};

const defaultDeadlineMs = 600_000;

/**
 * How far the template has come. KubeVirt's default is a proactive update of all members at once; the
 * limits of `rollingUpdate` go before the one of the spec.
 */
export function rolloutOf(situation: Situation<Pool>, staying: readonly Vm[]): Rollout {
  const { set, moment } = situation;
  const strategy: Update = set.update ?? { type: 'proactive' };
  const selects = readSelection(strategy.selection);
  const all = standingsOf(situation, staying);
  const chosen = typeof selects === 'function' ? all.filter(({ vm }) => selects(vm)) : [];
  const due = strategy.type === 'proactive' ? chosen.filter(isDue) : [];
  const waiting = all.filter(({ edit, vm }) => edit === 'none' && !isReady(vm) && isMeantToRun(vm));
  const times = waiting.map((standing) => deadlineOf(set, standing));
  const stuck = waiting.filter((_, at) => (times[at] ?? 0) <= moment.now);
  const future = times.filter((time) => time > moment.now);
  const down = all.filter(({ unavailable }) => unavailable).length;
  return {
    strategy,
    all,
    standings: chosen,
    due,
    stuck,
    stuckAt: due.length === 0 || future.length === 0 ? undefined : Math.min(...future),
    ...limitsOf(situation, { strategy, standing: all.length, rolling: due.length > 0, down }),
    problem: typeof selects === 'function' ? undefined : selects.problem,
  };
}

function standingsOf(situation: Situation<Pool>, staying: readonly Vm[]): readonly Standing[] {
  const { set, view } = situation;
  const digest = set.template?.digest;
  if (digest === undefined) return [];
  const edits = new Map<string, Edit>();
  const kept = new Map(ownRevisions(view, set).map(({ meta, digest: of }) => [meta.name, of]));
  const editOf = (name: string | undefined): Standing['edit'] => {
    if (name === undefined || !kept.has(name)) return 'unstamped';
    const known = edits.get(name) ?? editBetween(kept.get(name), digest);
    edits.set(name, known);
    return known;
  };
  const restarting = restartedBy(situation);
  const sort = set.update?.selection?.sort ?? 'AscendingOrder';
  return sorted(staying, sort, `${set.meta.uid}/${set.meta.generation}`).map((vm) => {
    const vmi = instanceOf(situation, vm);
    const edit = editOf(vm.meta.labels[revisionLabel]);
    const leaving = vmi !== undefined && (isTerminating(vmi) || restarting.has(vmi.meta.uid));
    return {
      vm,
      vmi: leaving ? undefined : vmi,
      edit,
      instance: leaving || vmi === undefined ? 'none' : needOf(vm, vmi, editOf),
      unavailable: isUnavailable(vm, leaving ? undefined : vmi),
    };
  });
}

/** Source: kubevirt pool.go, isOutdatedVMI. An instance without a label was not made from a stamped VM. */
function needOf(
  vm: Vm,
  vmi: Vmi,
  editOf: (name: string | undefined) => Standing['edit'],
): Standing['instance'] {
  const own = vm.meta.labels[revisionLabel];
  const its = vmi.meta.labels[revisionLabel];
  if (own === undefined || own === its) return 'none';
  switch (editOf(its)) {
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

function isDue({ edit, instance }: Standing): boolean {
  if (edit === 'none') return instance === 'restart';
  return edit === 'replace' || edit === 'restart' || edit === 'unstamped';
}

/** The running instance of a VM: the one of its name that it owns. */
function instanceOf({ view }: Situation, { meta }: Vm): Vmi | undefined {
  for (const vmi of namedAs(view, 'VirtualMachineInstance', meta)) {
    if (vmi.kind !== 'VirtualMachineInstance') continue;
    if (vmi.meta.owners.some(({ uid }) => uid === meta.uid)) return vmi;
  }
  return undefined;
}

function restartedBy({ pending }: Situation): ReadonlySet<string> {
  return new Set(
    pending.flatMap(({ command }) =>
      command.verb === 'restart-member' ? [command.instance.uid] : [],
    ),
  );
}

/** A machine that is switched off is not missed. */
function isUnavailable(vm: Vm, vmi: Vmi | undefined): boolean {
  if (vmi === undefined) return isMeantToRun(vm);
  return vmi.phase !== 'Running' || vmi.ready?.status !== 'True';
}

function isMeantToRun({ runStrategy }: Vm): boolean {
  return runStrategy !== 'Halted' && runStrategy !== 'Manual';
}

/** When an updated member that is not ready counts as stuck. */
function deadlineOf({ meta }: Pool, { vm, vmi }: Standing): number {
  const text = meta.annotations[progressDeadlineAnnotation] ?? '';
  const deadlineMs = /^\d{1,7}$/.test(text) ? Number(text) * 1000 : defaultDeadlineMs;
  return (msOf(vmi?.meta.createdAt ?? vm.meta.createdAt) ?? 0) + deadlineMs;
}

type Course = {
  readonly strategy: Update;
  readonly standing: number;
  readonly rolling: boolean;
  readonly down: number;
};

/**
 * Extra members come first and go last: they stay until every other one is available again, unless the
 * pool was made smaller meanwhile. Without them at least one member may be taken down, as upstream.
 */
function limitsOf(
  { set, memory, moment }: Situation<Pool>,
  { strategy, standing, rolling, down }: Course,
): Pick<Rollout, 'surge' | 'budget'> {
  const desired = desiredOf(set);
  const most = Math.min(
    membersOf(strategy.maxSurge ?? 0, desired, 'up'),
    desired,
    mostDestroyed(moment.limits, desired),
  );
  const settling = down > 0 && memory.explained === 0 && standing > desired;
  const surge = rolling || settling ? most : 0;
  const amount = strategy.maxUnavailable ?? set.maxUnavailable ?? '100%';
  const allowed = Math.max(membersOf(amount, desired, 'down'), surge > 0 ? 0 : 1);
  const extra = Math.min(surge, Math.max(0, standing - desired));
  return { surge, budget: allowed + extra - down };
}
