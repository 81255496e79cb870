import type {
  Answer,
  Cluster,
  Failure,
  ObjectRef,
  RawObject,
  WatchItem,
} from '#shared/cluster/cluster.ts';
import { failureOf, unclear } from '#shared/cluster/failure.ts';
import type { Kind } from '#shared/contract/kinds.ts';
import type { Store } from '../../services/sandbox/store/types.ts';
import { storeCluster } from '#test/support/store-cluster.ts';
import type { ChanceFault, Faults } from './faults.ts';
import { notServed } from './not-served.ts';
import type { Sieve } from './sieve.ts';
import type { SimulatedProcess } from './simulated-process.ts';
import type { VirtualTime } from './virtual-time.ts';
import { simulatedWatch } from './simulated-watch.ts';

/** What a process asked of the API server, at the moment at which the server does it. */
export type Call =
  | { readonly verb: 'read'; readonly ref: ObjectRef }
  | { readonly verb: 'create'; readonly object: RawObject }
  | { readonly verb: 'patch'; readonly ref: ObjectRef; readonly body: unknown }
  | { readonly verb: 'remove'; readonly ref: ObjectRef; readonly preconditions: unknown }
  | { readonly verb: 'list'; readonly kind: Kind }
  | { readonly verb: 'discover' | 'identity' };

export type ClusterParts = {
  readonly store: Store;
  readonly time: VirtualTime;
  readonly faults: Faults;
  /** Kinds that the server does not know for now: their definition was taken away. */
  readonly unserved: ReadonlySet<string>;
  /** Interferes with one write or event. */
  readonly sieve: Sieve | undefined;
  /** Called before a call changes anything; what it answers is told the result. */
  readonly judge: (process: SimulatedProcess, call: Call) => (answer: Answer<unknown>) => void;
};

/** The API server as one process sees it: slow, refusing, and silent at times. */
export function simulatedCluster(parts: ClusterParts, process: SimulatedProcess): Cluster {
  const inner = storeCluster(parts.store);
  const calls = new Calls(parts, process);
  return {
    identity: () => calls.make({ verb: 'identity' }, () => inner.identity()),
    discover: () =>
      calls.make({ verb: 'discover' }, async () => served(await inner.discover(), parts.unserved)),
    list: (kind, page) =>
      calls.make({ verb: 'list', kind }, async () => {
        const old = parts.sieve?.oldList(kind);
        return old === undefined ? inner.list(kind, page) : { ok: true, value: old };
      }),
    watch: (kind, from, signal) => simulatedWatch(parts, process, { kind, from, signal }),
    read: (ref) => calls.make({ verb: 'read', ref }, () => inner.read(ref)),
    create: (object) => calls.make({ verb: 'create', object }, () => inner.create(object)),
    patch: (ref, patch) =>
      calls.make({ verb: 'patch', ref, body: patch.body }, () => inner.patch(ref, patch)),
    remove: (ref, preconditions) =>
      calls.make({ verb: 'remove', ref, preconditions }, () => inner.remove(ref, preconditions)),
    async [Symbol.asyncDispose]() {},
  };
}

class Calls {
  readonly #parts: ClusterParts;
  readonly #process: SimulatedProcess;
  readonly #random: SimulatedProcess['random'];

  constructor(parts: ClusterParts, process: SimulatedProcess) {
    this.#parts = parts;
    this.#process = process;
    this.#random = process.random.fork('calls');
  }

  make<T>(call: Call, act: () => Promise<Answer<T>>): Promise<Answer<T>> {
    const process = this.#process;
    const { time, sieve } = this.#parts;
    return new Promise((resolve) => {
      if (!process.alive) return;
      if (this.#crashes('executor crashes before a call')) return;
      const crash = isWrite(call) ? sieve?.crashAt(`${call.verb} ${kindOf(call)}`) : undefined;
      if (crash === 'before') return process.end();
      const arrive = (): void => {
        process.offEnd(drop);
        void this.#arrive(call, act).then((answer) => {
          if (this.#crashes('executor crashes after a call')) return;
          if (crash === 'after') return process.end();
          process.after(this.#latency(), () => resolve(answer));
        });
      };
      const cancel = time.after(this.#latency(), arrive);
      // The server has what was sent, or it sees the connection end and never gets it.
      const drop = (): void => {
        cancel();
        if (this.#random.chance(0.5)) time.after(0, arrive);
      };
      process.onEnd(drop);
    });
  }

  async #arrive<T>(call: Call, act: () => Promise<Answer<T>>): Promise<Answer<T>> {
    const doing = call.verb;
    const refused = this.#refusal(call);
    if (refused !== undefined) return { ok: false, failure: refused };
    if (this.#parts.unserved.has(kindOf(call))) return no(notServed(doing));
    if (this.#strikes('request lost')) return no(unclear(doing, { code: 'ECONNRESET' }));
    if (this.#strikes('error before the effect')) return no(serverError(doing));
    if (isWrite(call) && call.verb !== 'create' && this.#strikes('effect comes late')) {
      this.#parts.time.after(this.#random.between(100, 3_000), () => void this.#do(call, act));
      return no(unclear(doing, { code: 'ETIMEDOUT' }));
    }
    const answer = await this.#do(call, act);
    if (this.#strikes('answer lost')) return no(unclear(doing, { code: 'ECONNRESET' }));
    if (this.#strikes('error after the effect')) return no(serverError(doing));
    return answer;
  }

  async #do<T>(call: Call, act: () => Promise<Answer<T>>): Promise<Answer<T>> {
    const told = this.#parts.judge(this.#process, call);
    const answer = await act();
    told(answer);
    return answer;
  }

  /** A certain no that has nothing to do with the object at hand. */
  #refusal(call: Call): Failure | undefined {
    const doing = call.verb;
    if (this.#strikes('throttled')) {
      const body = { reason: 'TooManyRequests', message: 'too many requests' };
      const retryAfterMs = this.#random.between(1, 3) * 1000;
      return failureOf({ status: 429, body, doing, retryAfterMs });
    }
    if (!isWrite(call)) return undefined;
    if (call.verb !== 'create' && this.#strikes('conflict')) {
      const body = { reason: 'Conflict', message: 'the object has been modified' };
      return failureOf({ status: 409, body, doing });
    }
    if (call.verb !== 'create') return undefined;
    if (this.#strikes('invalid')) {
      const details = { causes: [{ reason: 'FieldValueInvalid', field: 'spec.template' }] };
      const body = { reason: 'Invalid', message: 'invalid', details };
      return failureOf({ status: 422, body, doing });
    }
    if (!this.#strikes('quota')) return undefined;
    const body = { reason: 'Forbidden', message: 'exceeded quota: count' };
    return failureOf({ status: 403, body, doing });
  }

  #latency(): number {
    return this.#strikes('slow call')
      ? this.#random.between(1_000, 5_000)
      : this.#random.between(0, 12);
  }

  #crashes(fault: ChanceFault): boolean {
    if (this.#process.role !== 'executor' || !this.#process.alive) return false;
    if (!this.#strikes(fault)) return false;
    this.#process.end();
    return true;
  }

  #strikes(fault: ChanceFault): boolean {
    return this.#parts.faults.strikes(fault, this.#random, this.#process.name);
  }
}

function kindOf(call: Call): string {
  switch (call.verb) {
    case 'read':
    case 'patch':
    case 'remove':
      return call.ref.kind;
    case 'create':
      return String(call.object.kind);
    case 'list':
      return call.kind;
    case 'discover':
    case 'identity':
      return '';
  }
}

function served<Version>(
  answer: Answer<ReadonlyMap<Kind, Version>>,
  unserved: ReadonlySet<string>,
): Answer<ReadonlyMap<Kind, Version>> {
  if (!answer.ok) return answer;
  return { ok: true, value: new Map([...answer.value].filter(([kind]) => !unserved.has(kind))) };
}

function isWrite(call: Call): boolean {
  return call.verb === 'create' || call.verb === 'patch' || call.verb === 'remove';
}

function no(failure: Failure): { readonly ok: false; readonly failure: Failure } {
  return { ok: false, failure };
}

function serverError(doing: string): Failure {
  const body = { reason: 'InternalError', message: 'an error on the server' };
  return failureOf({ status: 500, body, doing });
}

export type WatchRequest = {
  readonly kind: Kind;
  readonly from: { readonly resourceVersion: string; readonly timeoutSeconds: number };
  readonly signal: AbortSignal;
};

export type Watching = AsyncIterable<WatchItem>;
