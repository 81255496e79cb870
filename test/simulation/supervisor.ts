import { OvertakenError } from '../../services/reconciler/desk.ts';
import type { History } from './history.ts';
import type { Random } from './random.ts';
import { SimulatedProcess } from './simulated-process.ts';
import type { Role } from './simulated-process.ts';
import type { VirtualTime } from './virtual-time.ts';

export type SupervisorParts = {
  readonly time: VirtualTime;
  readonly random: Random;
  readonly history: History;
  readonly run: (process: SimulatedProcess) => Promise<void>;
  /** A process that ended by a fault of ours. */
  readonly onFailure: (process: SimulatedProcess, error: unknown) => void;
};

/** Keeps one process of each service running, as an orchestrator does, and sometimes a second one. */
export class Supervisor {
  readonly #parts: SupervisorParts;
  readonly #running = new Map<Role, SimulatedProcess[]>();
  readonly #stopped = new Set<Role>();
  readonly #all: SimulatedProcess[] = [];
  #started = 0;

  constructor(parts: SupervisorParts) {
    this.#parts = parts;
  }

  processes(role: Role): readonly SimulatedProcess[] {
    return this.#running.get(role) ?? [];
  }

  /** Keeps a service running from now on. */
  keep(role: Role): void {
    this.#stopped.delete(role);
    if (this.processes(role).length === 0) this.start(role);
  }

  /** Ends a service for a while. */
  takeAway(role: Role): void {
    this.#stopped.add(role);
    for (const process of this.processes(role)) process.end();
  }

  /** Ends all but the newest of a service. */
  leaveOne(role: Role): void {
    for (const process of this.processes(role).slice(0, -1)) process.end();
  }

  /** When the history is over; the platform keeps what waits for a signal alive for ever. */
  abandonAll(): void {
    for (const process of this.#all) process.abandon();
  }

  start(role: Role, prepare: (process: SimulatedProcess) => void = () => undefined): void {
    const { random, time, history, run, onFailure } = this.#parts;
    this.#started += 1;
    const name = `${role}-${this.#started}`;
    const process = new SimulatedProcess(name, { role, random: random.fork(name), time });
    prepare(process);
    this.#all.push(process);
    this.#running.set(role, [...this.processes(role), process]);
    history.note(`${name} starts`);
    process.onEnd(() => {
      history.note(`${name} ends`);
      const left = this.processes(role).filter((other) => other !== process);
      this.#running.set(role, left);
      time.after(process.random.between(100, 4_000), () => {
        if (!this.#stopped.has(role) && this.processes(role).length === 0) this.start(role);
      });
    });
    run(process).then(
      () => process.end(),
      (error: unknown) => {
        if (process.alive && !(error instanceof OvertakenError)) onFailure(process, error);
        if (error instanceof OvertakenError) history.count('reconciler overtaken');
        process.end();
      },
    );
  }
}
