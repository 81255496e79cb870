import { unreachable } from '#shared/lib/assert.ts';
import { shardOf } from '#shared/stream/shards.ts';
import { MemoryBroker } from '#shared/stream/memory-log.ts';
import { startBehaviour } from '../../services/sandbox/behaviour/start-behaviour.ts';
import type { Store } from '../../services/sandbox/store/types.ts';
import { checkEnd, unrest } from './end-checks.ts';
import type { EndParts } from './end-checks.ts';
import { createFaults } from './faults.ts';
import type { Faults } from './faults.ts';
import { deedsOf, plansOf } from './habits.ts';
import { createHistory } from './history.ts';
import type { History } from './history.ts';
import { Human } from './human.ts';
import { describe, Judged, StoppedError } from './judged.ts';
import { Ledger } from './ledger.ts';
import { LiveViews } from './live-views.ts';
import { Memories } from './memories.ts';
import { createMirror, hangingOn } from './mirror.ts';
import type { Mirror } from './mirror.ts';
import { noteRecord } from './note-records.ts';
import type { Loss, Report, Script, SimulationOptions } from './options.ts';
import { loseEverything, planOutages } from './outages.ts';
import type { OutageParts } from './outages.ts';
import { createRandom } from './random.ts';
import type { Random } from './random.ts';
import { runExecutor, runReconciler, runWatcher } from './pipeline.ts';
import type { Surroundings } from './pipeline.ts';
import type { SetPlan } from './sets.ts';
import { Sieve } from './sieve.ts';
import { simulatedCluster } from './simulated-cluster.ts';
import { SimulatedLeases } from './simulated-leases.ts';
import { roles } from './simulated-process.ts';
import type { SimulatedProcess } from './simulated-process.ts';
import { Book, runRecorder } from './simulated-recorder.ts';
import type { RecorderParts } from './simulated-recorder.ts';
import { simulatedStore } from './simulated-store.ts';
import { simulatedStream } from './simulated-stream.ts';
import { Supervisor } from './supervisor.ts';
import { createTape } from './tape.ts';
import type { Tape } from './tape.ts';
import { createVirtualTime } from './virtual-time.ts';
import type { VirtualTime } from './virtual-time.ts';
import { WriteJudge } from './write-judge.ts';

/** An ordinary history takes some ten thousand; more is a loop without end. */
const mostSteps = 200_000;
/** Longer than a command may wait, twice. */
const longMs = 1_260_000;
/** So long a history may take to come to rest, and so long it must then stay silent. */
const calmMs = 45 * 60_000;
const quietMs = 10 * 60_000;
/** A scripted history is one of very many, and each has been silent between its acts. */
const scriptedQuietMs = 60_000;
/** Without a write for so long, and with nothing left to do, a history is at rest. */
const stillMs = 120_000;
/** What the second of two executors had begun may take so long to end. */
const doubledAfterMs = 30_000;
/** When people let go of what they hold, after the faults. */
const tidyAtMs = [0, 10_000, 60_000, 300_000];

/** Everything that one history is made of, put together and run from its beginning to its end. */
export class World {
  readonly #options: SimulationOptions;
  readonly #random: Random;
  readonly #time: VirtualTime = createVirtualTime(mostSteps);
  readonly #history: History = createHistory(this.#time);
  readonly #judged = new Judged(this.#history);
  readonly #liveViews = new LiveViews();
  readonly #memories = new Memories();
  readonly #unserved = new Set<string>();
  readonly #faults: Faults;
  readonly #store: Store;
  readonly #broker: MemoryBroker;
  readonly #book: Book;
  readonly #ledger: Ledger;
  readonly #mirror: Mirror;
  readonly #judge: WriteJudge;
  readonly #tape: Tape;
  readonly #human: Human;
  readonly #leases = new SimulatedLeases(this.#time);
  readonly #supervisor: Supervisor;
  readonly #sieve: Sieve | undefined;
  #deeds = 0;
  #doubledUntil = 0;
  #loss: Loss | undefined;
  /** Disks that must never go, by uid. */
  readonly #keepsakes = new Map<string, string>();
  #calmSince = 0;

  constructor(options: SimulationOptions) {
    this.#options = options;
    const random = (this.#random = createRandom(`seed ${options.seed}`));
    const time = this.#time;
    const history = this.#history;
    const { violation } = this.#judged;
    this.#faults = this.#makeFaults();
    const drawn = random.pick([60, 300, 5_000]);
    const historySize = options.script === undefined ? drawn : 5_000;
    this.#store = simulatedStore(time, random.fork('store'), historySize);
    this.#broker = new MemoryBroker({ now: () => time.now(), travel: travelOf(time, random) });
    this.#book = new Book(this.#broker.identity.lineage);
    this.#ledger = this.#makeLedger();
    this.#mirror = createMirror(this.#store, (change) => {
      this.#judge.onChange(change);
      if (options.hashes === true) {
        this.#judged.happened(JSON.stringify([change.type, change.object]));
      }
    });
    for (const object of this.#store.dump()) this.#mirror.put(object);
    const plans = options.plans ?? plansOf(options.seed, random.fork('sets'));
    this.#sieve = this.#makeSieve(plans);
    this.#judge = new WriteJudge({
      ...{ mirror: this.#mirror, ledger: this.#ledger, book: this.#book, violation },
      freshMs: this.#faults.enabled.includes('slow call') ? 40_000 : 6_000,
      now: () => time.now(),
    });
    this.#tape = createTape(this.#broker, (message) => {
      this.#judged.happened(`${message.sequence} ${message.at} ${message.hash}`);
      for (const record of message.records) noteRecord(history, record);
      this.#ledger.read(message);
    });
    this.#human = new Human({ store: this.#store, mirror: this.#mirror, history, plans });
    this.#supervisor = this.#makeSupervisor();
  }

  async run(): Promise<void> {
    try {
      const { script } = this.#options;
      await (script === undefined ? this.#live() : this.#follow(script));
    } catch (error) {
      if (!(error instanceof StoppedError)) this.#judged.violation('L0', describe(error));
    } finally {
      this.#tape.end();
      this.#supervisor.abandonAll();
    }
  }

  report(): Report {
    return {
      seed: this.#options.seed,
      steps: this.#time.steps,
      virtualMs: this.#time.elapsed(),
      violations: this.#judged.violations,
      history: this.#history.lines,
      counts: this.#history.counts,
      faults: this.#faults.enabled,
      deeds: this.#deeds,
      hash: this.#judged.digest(),
      ...(this.#sieve && { sieved: this.#sieve.report() }),
    };
  }

  async #live(): Promise<void> {
    const random = this.#random;
    const isLong = random.chance(0.3) && this.#faults.episodes('database away') > 0;
    const endsAt = random.between(60, 300) * 1_000 + (isLong ? longMs : 0);
    startBehaviour(this.#store, this.#time);
    this.#time.after(random.between(0, 3_000), () =>
      this.#human.makeEverything(random.fork('beginning')),
    );
    for (const role of roles) this.#supervisor.start(role);
    this.#planDeeds(random.fork('deeds'), endsAt);
    this.#planOutages(endsAt, isLong ? longMs / 2 : 0);
    await this.#pass(endsAt);
    this.#endFaults();
    if (await this.#comesToRest(endsAt)) await this.#staysAtRest();
  }

  async #follow({ acts }: Script): Promise<void> {
    startBehaviour(this.#store, this.#time);
    for (const role of roles) this.#supervisor.start(role);
    for (const act of acts) {
      await this.#pass(this.#time.elapsed() + 5_000);
      if (act.type === 'lose everything') this.#loss = act;
      else this.#human.act(act);
      if (!(await this.#comesToRest(this.#time.elapsed()))) return;
    }
    this.#checkKeepsakes();
    await this.#staysAtRest();
  }

  /** The server has carried out a removal: where it was waited for, everything that remembers it is lost. */
  #removed(name: string): void {
    const loss = this.#loss;
    if (loss === undefined) return;
    this.#loss = undefined;
    for (const disk of hangingOn(this.#mirror, name)) {
      this.#keepsakes.set(disk.metadata.uid, disk.metadata.name);
    }
    this.#history.count('everything lost');
    this.#time.after(0, () => {
      this.#human.act({ type: 'decide on disks', policy: loss.policy });
      loseEverything(this.#outageParts(), this.#random.fork('loss'));
    });
  }

  #checkKeepsakes(): void {
    for (const [uid, name] of this.#keepsakes) {
      if (!this.#mirror.objects.has(uid)) this.#judged.violation('C7', `disk ${name} is lost`);
    }
  }

  #endFaults(): void {
    this.#faults.over();
    this.#calmSince = this.#time.elapsed();
    this.#history.note('all faults are over');
    for (const afterMs of tidyAtMs) this.#time.after(afterMs, () => this.#human.tidyUp());
    this.#book.isAway = false;
    this.#unserved.clear();
    for (const role of roles) {
      this.#supervisor.leaveOne(role);
      this.#supervisor.keep(role);
    }
  }

  async #comesToRest(from: number): Promise<boolean> {
    let why: string | undefined;
    for (let at = from + 5_000; at <= from + calmMs; at += 5_000) {
      await this.#pass(at);
      why = unrest(this.#endParts());
      const isStill = this.#time.now() - this.#judge.lastWriteAt > stillMs;
      if (why === undefined && isStill) return true;
    }
    this.#judged.violation('L1', why ?? 'there is no end of writing');
    return false;
  }

  async #staysAtRest(): Promise<void> {
    this.#history.note('at rest');
    const { lastWriteAt } = this.#judge;
    const silentMs = this.#options.script === undefined ? quietMs : scriptedQuietMs;
    await this.#pass(this.#time.elapsed() + silentMs);
    const { violation } = this.#judged;
    if (this.#judge.lastWriteAt !== lastWriteAt) violation('L2', 'something was written at rest');
    const [reconciler] = this.#supervisor.processes('reconciler');
    const comparesViews = this.#options.replays !== false && reconciler !== undefined;
    const liveViews = comparesViews ? this.#liveViews.of(reconciler) : [];
    checkEnd({ ...this.#endParts(), liveViews }, violation);
  }

  async #pass(toMs: number): Promise<void> {
    await this.#time.pass(toMs, () => this.#judged.isEnough);
    if (this.#judged.isEnough) throw new StoppedError();
  }

  /** What people do and when; each deed has chance of its own, so that leaving one out moves no other. */
  #planDeeds(random: Random, endsAt: number): void {
    const usual = deedsOf(this.#options.seed).filter(() => random.chance(0.5));
    this.#deeds = random.between(0, 30);
    for (let place = 0; place < this.#deeds; place += 1) {
      const own = random.fork(String(place));
      const ms = own.between(1_000, endsAt - 1);
      const deed = own.any(this.#options.deeds ?? usual) ?? 'scales';
      if (this.#options.undone?.has(place) === true) continue;
      this.#time.after(ms, () => this.#human.do(deed, own));
    }
  }

  #planOutages(endsAt: number, databaseMs: number): void {
    const random = this.#random.fork('episodes');
    planOutages(this.#outageParts(), { random, endsAt, databaseMs });
  }

  #outageParts(): OutageParts {
    return {
      time: this.#time,
      faults: this.#faults,
      history: this.#history,
      supervisor: this.#supervisor,
      leases: this.#leases,
      book: this.#book,
      broker: this.#broker,
      unserved: this.#unserved,
      tape: this.#tape,
      onOtherLog: () => this.#beginAnew(),
      onNotice: (process) => this.#memories.keep(process),
      onDoubled: (forMs) => {
        const until = this.#time.elapsed() + forMs + doubledAfterMs;
        this.#doubledUntil = Math.max(this.#doubledUntil, until);
      },
    };
  }

  #makeSieve([plan]: readonly SetPlan[]): Sieve | undefined {
    const { script } = this.#options;
    if (script === undefined || plan === undefined) return undefined;
    const shard = shardOf(this.#clusterId(), plan.namespace);
    return new Sieve(this.#store, { plan: script.interference, shard });
  }

  #recorderParts(): RecorderParts {
    return {
      tape: this.#tape,
      broker: this.#broker,
      book: this.#book,
      faults: this.#faults,
      now: () => this.#time.now(),
    };
  }

  #beginAnew(): void {
    this.#ledger.beginAnew(this.#tape.messages);
    this.#judge.forgetDeletions();
  }

  #endParts(): EndParts {
    return {
      clusterId: this.#clusterId(),
      mirror: this.#mirror,
      tape: this.#tape,
      book: this.#book,
      calmMs: this.#time.elapsed() - this.#calmSince,
      silentMs: this.#time.now() - this.#judge.lastWriteAt,
      views: this.#ledger.views(),
    };
  }

  #clusterId(): string {
    return this.#mirror.named('Namespace', '', 'kube-system')?.metadata.uid ?? '';
  }

  #makeFaults(): Faults {
    const { without = new Set(), only } = this.#options;
    return createFaults({
      random: this.#random.fork('faults'),
      without,
      only,
      tell: (fault, where) => {
        this.#history.count(`fault ${fault}`);
        this.#history.note(`fault ${fault} (${where})`);
      },
    });
  }

  #makeLedger(): Ledger {
    return new Ledger({
      lineage: () => this.#broker.identity.lineage,
      violation: this.#judged.violation,
      count: (what) => this.#history.count(what),
      stands: (uid) => this.#mirror.objects.has(uid),
      isDoubled: () => this.#time.elapsed() < this.#doubledUntil,
      redecides: this.#options.replays !== false,
    });
  }

  #makeSupervisor(): Supervisor {
    const surroundings = this.#surroundings();
    return new Supervisor({
      time: this.#time,
      random: this.#random.fork('processes'),
      history: this.#history,
      run: (process) => this.#runService(surroundings, process),
      onFailure: (process, error) =>
        this.#judged.violation('L0', `${process.name} failed: ${describe(error)}`),
    });
  }

  #surroundings(): Surroundings {
    const { mutation = {} } = this.#options;
    const faults = this.#faults;
    const sieve = this.#sieve;
    const stream = { broker: this.#broker, tape: this.#tape, leases: this.#leases, faults, sieve };
    const cluster: Parameters<typeof simulatedCluster>[0] = {
      ...{ store: this.#store, time: this.#time, faults, unserved: this.#unserved },
      sieve,
      judge: (process, call) => {
        const judged = this.#judge.judge(process, call);
        return (answer) => {
          judged(answer);
          if (call.verb === 'remove' && answer.ok) this.#removed(call.ref.name);
        };
      },
    };
    return {
      clusterId: this.#clusterId(),
      streamFor: (process) => simulatedStream(stream, process),
      clusterFor: (process) => simulatedCluster(cluster, process),
      readBook: (process) => this.#book.reading(process),
      onView: (process, view) => this.#liveViews.add(process, view),
      memoryFor: (process) => this.#memories.of(process),
      mutation,
      keepsSnapshots: this.#random.fork('snapshots').chance(0.3),
    };
  }

  #runService(surroundings: Surroundings, process: SimulatedProcess): Promise<void> {
    switch (process.role) {
      case 'watcher':
        return runWatcher(surroundings, process);
      case 'reconciler':
        return runReconciler(surroundings, process);
      case 'executor':
        return runExecutor(surroundings, process);
      case 'recorder':
        return runRecorder(this.#recorderParts(), process);
      default:
        return unreachable(process.role);
    }
  }
}

function travelOf(time: VirtualTime, random: Random): () => Promise<void> {
  const own = random.fork('travel');
  return () => new Promise((resolve) => void time.after(own.between(0, 4), resolve));
}
