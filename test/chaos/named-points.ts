import { signalQuietly } from '../../services/sandbox/launch/process-table.mjs';
import type { FaultProxy, Rule } from '../support/fault-proxy.ts';
import { startNats } from '../support/start-nats.ts';
import { startPostgres } from '../support/start-postgres.ts';
import { takeDetour } from './detour.ts';
import { Drill } from './drill.ts';
import { WireProxy } from './wire-proxy.ts';

/** What the services say to others that lasts, and who says it. */
const deeds = {
  call: 'executor',
  outcome: 'executor',
  decision: 'reconciler',
  fact: 'watcher',
  commit: 'recorder',
} as const;

export type Deed = keyof typeof deeds;

/** Where a process dies: before its deed has left it, or when it is done and nobody has told it yet. */
export type Point = { readonly deed: Deed; readonly moment: 'before' | 'after' };

export function wordingOf({ deed, moment }: Point): string {
  return `${deeds[deed]} ${moment} its ${deed}`;
}

/** A Rollcall that hears and says everything through proxies, which see the points and kill there. */
export class PointedDrill implements AsyncDisposable {
  readonly drill: Drill;
  readonly #api: FaultProxy;
  readonly #broker: WireProxy;
  readonly #database: WireProxy;
  readonly #stack: AsyncDisposableStack;
  readonly #struck: string[] = [];
  readonly #calls = new Set<Point>();

  private constructor(parts: {
    readonly drill: Drill;
    readonly api: FaultProxy;
    readonly broker: WireProxy;
    readonly database: WireProxy;
    readonly stack: AsyncDisposableStack;
  }) {
    this.drill = parts.drill;
    this.#api = parts.api;
    this.#broker = parts.broker;
    this.#database = parts.database;
    this.#stack = parts.stack;
    this.#api.use(this.#rule);
  }

  static async start(): Promise<PointedDrill> {
    await using stack = new AsyncDisposableStack();
    const nats = await startNats();
    stack.defer(() => nats.stop());
    const postgres = await startPostgres();
    stack.defer(() => postgres.stop());
    const broker = stack.use(await WireProxy.start(nats.url));
    const database = stack.use(await WireProxy.start(postgres.url));
    const env = {
      NATS_URL: broker.url,
      NATS_MONITOR_URL: nats.monitorUrl,
      DATABASE_URL: database.url,
    };
    const drill = stack.use(await Drill.start({ env }));
    const api = stack.use(await takeDetour(drill));
    return new PointedDrill({ drill, api, broker, database, stack: stack.move() });
  }

  /** Points that were reached since the last question. */
  struck(): readonly string[] {
    return this.#struck.splice(0);
  }

  /** The process that comes to the point next dies there. */
  arm(point: Point): void {
    const { deed, moment } = point;
    const strike = (): void => this.#strike(point);
    switch (deed) {
      case 'call':
        this.#calls.add(point);
        return;
      case 'commit':
        this.#database.arm({
          ...{ moment, strike },
          asked: /with moved as \(/,
          answered: () => 'SELECT 1\0',
        });
        return;
      default:
        this.#broker.arm({
          ...{ moment, strike },
          asked: new RegExp(`PUB rc\\.\\d\\d\\.${deed} (\\S+) `),
          answered: (asked) => `MSG ${asked[1]} `,
        });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }

  /** Makes and deletes of members, and letting them go, are what must not be done twice. */
  readonly #rule: Rule = ({ method, path }) => {
    if (method === 'GET' || !/\/virtualmachines(\/[^/]+)?$/.test(path)) return { type: 'pass' };
    const [point] = this.#calls;
    if (point === undefined) return { type: 'pass' };
    this.#calls.delete(point);
    const strike = (): void => this.#strike(point);
    if (point.moment === 'after') return { type: 'lose-answer', when: strike };
    strike();
    return { type: 'swallow' };
  };

  #strike(point: Point): void {
    const pid = this.drill.pid(deeds[point.deed]);
    if (pid === undefined) throw new Error(`no ${deeds[point.deed]} runs`);
    signalQuietly(pid, 'SIGKILL');
    this.#struck.push(wordingOf(point));
  }
}
