import { createHash } from 'node:crypto';
import type { View } from '#shared/core/view.ts';
import { unreachable } from '#shared/lib/assert.ts';
import { MemoryBroker } from '#shared/stream/memory-log.ts';
import { startBehaviour } from '../../services/sandbox/behaviour/start-behaviour.ts';
import { checkEnd, unrest } from './end-checks.ts';
import { createFaults } from './faults.ts';
import type { Episode, FaultName } from './faults.ts';
import { createHistory } from './history.ts';
import { deeds, Human } from './human.ts';
import type { Deed } from './human.ts';
import { Ledger } from './ledger.ts';
import { createMirror } from './mirror.ts';
import { createRandom } from './random.ts';
import type { Random } from './random.ts';
import { runExecutor, runReconciler, runWatcher } from './pipeline.ts';
import type { Mutation, Surroundings } from './pipeline.ts';
import { planSets } from './sets.ts';
import type { SetPlan } from './sets.ts';
import { simulatedCluster } from './simulated-cluster.ts';
import { SimulatedLeases } from './simulated-leases.ts';
import type { Role, SimulatedProcess } from './simulated-process.ts';
import { Book, runRecorder } from './simulated-recorder.ts';
import { simulatedStore } from './simulated-store.ts';
import { simulatedStream } from './simulated-stream.ts';
import { Supervisor } from './supervisor.ts';
import { createTape } from './tape.ts';
import { createVirtualTime } from './virtual-time.ts';
import { WriteJudge } from './write-judge.ts';

export type SimulationOptions = {
  readonly seed: number;
  /** Production as it is when absent. */
  readonly mutation?: Mutation;
  readonly without?: ReadonlySet<FaultName>;
  readonly only?: readonly FaultName[];
  /** Places of deeds that people leave undone. */
  readonly undone?: ReadonlySet<number>;
  /** Instead of those that the seed would have. */
  readonly plans?: readonly SetPlan[];
  readonly deeds?: readonly Deed[];
  /** Hashes everything that happens. */
  readonly hashes?: boolean;
  /** Decides everything once more and compares views; true when absent. */
  readonly replays?: boolean;
};

export type Report = {
  readonly seed: number;
  readonly steps: number;
  readonly virtualMs: number;
  readonly violations: readonly string[];
  readonly history: readonly string[];
  readonly counts: ReadonlyMap<string, number>;
  readonly faults: readonly FaultName[];
  readonly deeds: number;
  /** Of the log and of the store's changes. */
  readonly hash: string;
};

/** An ordinary history takes some ten thousand; more is a loop without end. */
const mostSteps = 200_000;
const mostViolations = 20;
const longS = 1_260;
const calmMs = 45 * 60_000;
/** What the second of two executors had begun may take so long to end. */
const doubledAfterMs = 30_000;
const quietMs = 10 * 60_000;
const roles = ['watcher', 'reconciler', 'executor', 'recorder'] as const;

/** One history, from its seed to the byte. */
export async function simulate(options: SimulationOptions): Promise<Report> {
  const world = openWorld(options);
  try {
    await world.run();
  } catch (error) {
    if (!(error instanceof Stopped)) world.violation('L0', describe(error));
  }
  return world.report();
}

/** Enough has gone wrong. */
class Stopped extends Error {}

function openWorld(options: SimulationOptions) {
  const random = createRandom(`seed ${options.seed}`);
  const time = createVirtualTime(mostSteps);
  const history = createHistory(time);
  const hash = createHash('sha256');
  const violations: string[] = [];
  const violation = (invariant: string, text: string): void => {
    violations.push(`${invariant}: ${text}`);
    history.note(`VIOLATION ${invariant}: ${text}`);
  };
  const faults = createFaults({
    random: random.fork('faults'),
    without: options.without ?? new Set(),
    only: options.only,
    tell: (fault, where) => {
      history.count(`fault ${fault}`);
      history.note(`fault ${fault} (${where})`);
    },
  });

  const store = simulatedStore(time, random.fork('store'), random.pick([60, 300, 5_000]));
  const broker = new MemoryBroker({ now: () => time.now(), travel: travelOf(time, random) });
  const book = new Book(broker.identity.lineage);
  // Some outages outlast what a command may wait.
  const isLong = random.chance(0.3) && faults.episodes('database away') > 0;
  let doubledUntil = 0;
  const ledger: Ledger = new Ledger({
    lineage: broker.identity.lineage,
    violation,
    count: (what) => history.count(what),
    stands: (uid) => mirror.objects.has(uid),
    isDoubled: () => time.elapsed() < doubledUntil,
    redecides: options.replays !== false,
  });
  const mirror = createMirror(store, (change) => {
    judge.onChange(change);
    if (options.hashes === true) hash.update(JSON.stringify([change.type, change.object]));
  });
  const freshMs = faults.enabled.includes('slow call') ? 40_000 : 6_000;
  const judge: WriteJudge = new WriteJudge({
    ...{ mirror, ledger, book, violation, freshMs },
    now: () => time.now(),
  });
  for (const object of store.dump()) mirror.put(object);
  const tape = createTape(broker, (message) => {
    hash.update(`${message.sequence} ${message.at} ${message.hash}\n`);
    for (const record of message.records) {
      if (record.type === 'decided') {
        history.note(
          `decided ${record.epoch}.${record.plan} ${record.set.name}: ${record.because} [${record.commands.map(({ verb }) => verb).join(' ')}]${record.withdraws === undefined ? '' : ` withdraws ${record.withdraws.length}`}`,
        );
      }
      if (record.type === 'held') history.note(`held ${record.set.name}: ${record.reason ?? '-'}`);
      if (record.type === 'settled') {
        history.note(
          `settled ${record.effect} ${record.verb} ${record.name}: ${record.outcome} ${record.reason ?? ''}`,
        );
      }
    }
    ledger.read(message);
  });
  const plans = options.plans ?? planSets(random.fork('sets'));
  const human = new Human({ store, mirror, history, plans });
  const leases = new SimulatedLeases(time);
  const clusterId = mirror.named('Namespace', '', 'kube-system')?.metadata.uid ?? '';
  const liveViews = new Map<SimulatedProcess, View[]>();
  const streamParts = { broker, tape, leases, faults };
  const clusterParts = {
    store,
    time,
    faults,
    judge: (process: SimulatedProcess, call: Parameters<typeof judge.judge>[1]) =>
      judge.judge(process, call),
  };
  const surroundings: Surroundings = {
    clusterId,
    streamFor: (process) => simulatedStream(streamParts, process),
    clusterFor: (process) => simulatedCluster(clusterParts, process),
    readBook: (process) => book.reading(process),
    onView: (process, view) => {
      liveViews.set(process, [...(liveViews.get(process) ?? []), view]);
    },
    mutation: options.mutation ?? {},
    keepsSnapshots: random.fork('snapshots').chance(0.3),
  };
  const run = (process: SimulatedProcess): Promise<void> => {
    switch (process.role) {
      case 'watcher':
        return runWatcher(surroundings, process);
      case 'reconciler':
        return runReconciler(surroundings, process);
      case 'executor':
        return runExecutor(surroundings, process);
      case 'recorder':
        return runRecorder({ tape, book, faults }, process);
      default:
        return unreachable(process.role);
    }
  };
  const supervisor = new Supervisor({
    time,
    random: random.fork('processes'),
    history,
    run,
    onFailure: (process, error) => violation('L0', `${process.name} failed: ${describe(error)}`),
  });
  const stopEarly = (): boolean => violations.length >= mostViolations;
  const endParts = () => ({
    clusterId,
    mirror,
    tape,
    book,
    plans,
    views: ledger.views(),
  });

  async function pass(toMs: number, until?: () => boolean): Promise<void> {
    await time.pass(toMs, () => stopEarly() || until?.() === true);
    if (stopEarly()) throw new Stopped();
  }

  let deedCount = 0;
  return {
    violation,
    async run() {
      startBehaviour(store, time);
      time.after(random.between(0, 3_000), () => human.makeEverything(random.fork('beginning')));
      for (const role of roles) supervisor.start(role);
      const endsAt = (random.between(60, 300) + (isLong ? longS : 0)) * 1_000;
      deedCount = plan(random.fork('deeds'), endsAt, options, {
        at: (ms, act) => void time.after(ms, act),
        do: (deed, own) => human.do(deed, own),
      });
      planEpisodes(random.fork('episodes'), endsAt);
      planAcks(random.fork('acks'), endsAt);
      await pass(endsAt);
      faults.over();
      for (const laterMs of [0, 10_000, 60_000, 300_000]) time.after(laterMs, () => human.tidyUp());
      history.note('all faults are over');
      book.isAway = false;
      for (const role of roles) {
        supervisor.leaveOne(role);
        supervisor.keep(role);
      }
      await rest(endsAt);
    },
    report(): Report {
      return {
        seed: options.seed,
        steps: time.steps,
        virtualMs: time.elapsed(),
        violations,
        history: history.lines,
        counts: history.counts,
        faults: faults.enabled,
        deeds: deedCount,
        hash: hash.digest('hex'),
      };
    },
  };

  async function rest(from: number): Promise<void> {
    let why: string | undefined;
    for (let at = from + 5_000; at <= from + calmMs; at += 5_000) {
      await pass(at);
      why = unrest(endParts());
      const isCalm = time.now() - judge.lastWriteAt > 120_000;
      if (why === undefined && isCalm) break;
      why ??= 'there is no end of writing';
    }
    if (why !== undefined) {
      violation('L1', why);
      return;
    }
    history.note('at rest');
    const { lastWriteAt } = judge;
    await pass(time.elapsed() + quietMs);
    if (judge.lastWriteAt !== lastWriteAt) violation('L2', 'something was written at rest');
    const [reconciler] = supervisor.processes('reconciler');
    const live = reconciler === undefined ? [] : (liveViews.get(reconciler) ?? []);
    checkEnd({ ...endParts(), liveViews: options.replays === false ? [] : live }, violation);
  }

  function planEpisodes(own: Random, endsAt: number): void {
    const doubles: Partial<Record<Episode, Role>> = {
      'two watchers': 'watcher',
      'two reconcilers': 'reconciler',
      'two executors': 'executor',
    };
    const each: readonly Episode[] = [
      'two watchers',
      'two reconcilers',
      'two executors',
      'recorder away',
      'database away',
    ];
    for (const episode of each) {
      const chance = own.fork(episode);
      for (let at = 0; at < faults.episodes(episode); at += 1) {
        const isLasting = isLong && episode === 'database away';
        const forMs = (chance.between(1, 30) + (isLasting ? longS / 2 : 0)) * 1_000;
        time.after(chance.between(0, endsAt - forMs), () => {
          if (faults.isOver) return;
          history.count(`fault ${episode}`);
          history.note(`fault ${episode} for ${forMs} ms`);
          const role = doubles[episode];
          if (episode === 'two executors') doubledUntil = time.elapsed() + forMs + doubledAfterMs;
          if (role !== undefined) {
            supervisor.start(role, (process) => leases.intrude(process));
            time.after(forMs, () => supervisor.leaveOne(role));
          } else if (episode === 'recorder away') {
            supervisor.takeAway('recorder');
            time.after(forMs, () => supervisor.keep('recorder'));
          } else {
            book.isAway = true;
            time.after(forMs, () => {
              book.isAway = false;
            });
          }
        });
      }
    }
  }

  /** Losing acks is the broker's doing, not a process's. */
  function planAcks(own: Random, endsAt: number): void {
    for (let at = 500; at < endsAt; at += 500) {
      time.after(at, () => {
        if (faults.strikes('ack lost', own, 'broker')) broker.loseAnswers(1);
        if (faults.strikes('append lost', own, 'broker')) broker.loseRequests(1);
      });
    }
  }
}

type Doer = {
  readonly at: (ms: number, act: () => void) => void;
  readonly do: (deed: Deed, random: Random) => void;
};

/** What people do and when; each deed has chance of its own, so that leaving one out moves no other. */
function plan(random: Random, endsAt: number, options: SimulationOptions, doer: Doer): number {
  const usual = deeds.filter(() => random.chance(0.5));
  const count = random.between(0, 30);
  for (let place = 0; place < count; place += 1) {
    const own = random.fork(String(place));
    const ms = own.between(1_000, endsAt - 1);
    const deed = own.any(options.deeds ?? usual) ?? 'scales';
    if (options.undone?.has(place) === true) continue;
    doer.at(ms, () => doer.do(deed, own));
  }
  return count;
}

function travelOf(
  time: { after(ms: number, run: () => void): unknown },
  random: Random,
): () => Promise<void> {
  const own = random.fork('travel');
  return () => new Promise((resolve) => void time.after(own.between(0, 4), resolve));
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
