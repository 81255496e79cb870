import { unreachable } from '#shared/lib/assert.ts';
import type { MemoryBroker } from '#shared/stream/memory-log.ts';
import { episodeCounts } from './faults.ts';
import type { Episode, Faults } from './faults.ts';
import type { History } from './history.ts';
import type { Random } from './random.ts';
import type { SimulatedLeases } from './simulated-leases.ts';
import type { Book } from './simulated-recorder.ts';
import type { Supervisor } from './supervisor.ts';
import { roles } from './simulated-process.ts';
import type { SimulatedProcess } from './simulated-process.ts';
import type { Tape } from './tape.ts';
import type { VirtualTime } from './virtual-time.ts';

export type OutageParts = {
  readonly time: VirtualTime;
  readonly faults: Faults;
  readonly history: History;
  readonly supervisor: Supervisor;
  readonly leases: SimulatedLeases;
  readonly book: Book;
  readonly broker: MemoryBroker;
  readonly unserved: Set<string>;
  readonly tape: Tape;
  /** The log has become another one. */
  readonly onOtherLog: () => void;
  /** A process is about to notice it, and to begin anew. */
  readonly onNotice: (process: SimulatedProcess) => void;
  /** Two executors are at work for so long from now. */
  readonly onDoubled: (forMs: number) => void;
};

export type OutagePlan = {
  readonly random: Random;
  readonly endsAt: number;
  /** How much longer than others the database is away. */
  readonly databaseMs: number;
};

const doubles = {
  'two watchers': 'watcher',
  'two reconcilers': 'reconciler',
  'two executors': 'executor',
} as const;

/** Kinds that come with a definition, which can be taken away and applied again. */
const customKinds = [
  'VirtualMachinePool',
  'VirtualMachineInstanceReplicaSet',
  'VirtualMachine',
  'VirtualMachineInstance',
  'DataVolume',
] as const;

/** Sets the times of all faults that last a while, and of those that are the broker's own. */
export function planOutages(parts: OutageParts, plan: OutagePlan): void {
  const { time, faults, history } = parts;
  let episode: Episode;
  for (episode in episodeCounts) {
    const kind = episode;
    const random = plan.random.fork(kind);
    for (let at = 0; at < faults.episodes(kind); at += 1) {
      const longerMs = kind === 'database away' ? plan.databaseMs : 0;
      const forMs = random.between(1, 30) * 1_000 + longerMs;
      time.after(random.between(0, plan.endsAt - forMs), () => {
        if (faults.isOver) return;
        history.count(`fault ${kind}`);
        history.note(`fault ${kind} for ${forMs} ms`);
        begin(parts, kind, { forMs, random });
      });
    }
  }
  planLostAcks(parts, plan);
}

type Outage = { readonly forMs: number; readonly random: Random };

function begin(parts: OutageParts, episode: Episode, { forMs, random }: Outage): void {
  const { time, supervisor, leases, book, unserved } = parts;
  switch (episode) {
    case 'two watchers':
    case 'two reconcilers':
    case 'two executors': {
      const role = doubles[episode];
      if (role === 'executor') parts.onDoubled(forMs);
      supervisor.start(role, (process) => leases.intrude(process));
      time.after(forMs, () => supervisor.leaveOne(role));
      return;
    }
    case 'recorder away':
      supervisor.takeAway('recorder');
      time.after(forMs, () => supervisor.keep('recorder'));
      return;
    case 'database away':
      book.isAway = true;
      time.after(forMs, () => {
        book.isAway = false;
      });
      return;
    case 'kind not served': {
      const kind = random.pick(customKinds);
      unserved.add(kind);
      time.after(4 * forMs, () => unserved.delete(kind));
      return;
    }
    case 'database lost its tail':
      // What an earlier log said cannot be folded again.
      if (book.turn > 0 || parts.broker.turn > 0) return;
      for (const process of supervisor.processes('recorder')) process.end();
      book.loseTail(parts.tape, random.between(1, 60));
      return;
    case 'log set back':
      return changeLog(parts, random, Math.max(0, parts.tape.last - random.between(1, 300)));
    case 'log emptied':
      if (!random.chance(0.5)) return changeLog(parts, random, 0);
      parts.history.count('snapshots lost with the log');
      return loseEverything(parts, random);
    case 'log made anew':
      return changeLog(parts, random, 'anew');
    default:
      unreachable(episode);
  }
}

const noticedAfterMs = 5_000;

/** Log and snapshots are lost together, and nothing but the cluster tells what has been going on. */
export function loseEverything(parts: OutageParts, random: Random): void {
  parts.broker.snapshots.clear();
  changeLog(parts, random, 0);
}

/** Connections break; each process notices for itself that what is back is not what it knew. */
function changeLog(parts: OutageParts, random: Random, to: number | 'anew'): void {
  const { broker, tape, supervisor, time } = parts;
  if (to === 'anew') broker.makeAnew();
  else broker.setBack(to);
  tape.begin(to === 'anew' ? 0 : to);
  parts.onOtherLog();
  parts.onDoubled(noticedAfterMs);
  for (const role of roles) {
    for (const process of supervisor.processes(role)) {
      time.after(random.between(0, noticedAfterMs), () => {
        if (process.alive) parts.onNotice(process);
        process.end();
      });
    }
  }
}

const brokerEachMs = 500;

function planLostAcks({ time, faults, broker }: OutageParts, { random, endsAt }: OutagePlan): void {
  const own = random.fork('acks');
  for (let at = brokerEachMs; at < endsAt; at += brokerEachMs) {
    time.after(at, () => {
      if (faults.strikes('ack lost', own, 'broker')) broker.loseAnswers(1);
      if (faults.strikes('append lost', own, 'broker')) broker.loseRequests(1);
    });
  }
}
