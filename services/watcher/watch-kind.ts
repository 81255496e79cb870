import type { Answer, Cluster, Failure, PageRequest, WatchFrom } from '#shared/cluster/cluster.ts';
import type { Kind } from '#shared/contract/kinds.ts';
import { unreachable } from '#shared/lib/assert.ts';
import type { Clock } from '#shared/process/clock.ts';
import type { Logger } from '#shared/process/logger.ts';
import type { WatcherMetrics } from './metrics.ts';
import type { Outbox } from './outbox.ts';
import type { Teller } from './teller.ts';
import { startingState, step } from './watch-machine.ts';
import type { Timer, WatchInput, WatchOptions, WatchOutput, WatchState } from './watch-state.ts';

export type KindParts = {
  readonly kind: Kind;
  readonly cluster: Pick<Cluster, 'list' | 'watch'>;
  /** Whether the kind is served; one answer may serve several kinds. */
  readonly isServed: (kind: Kind) => Promise<Answer<boolean>>;
  readonly teller: Teller;
  readonly outbox: Pick<Outbox, 'hasRoom' | 'room'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly options: WatchOptions;
  readonly seed: number;
  readonly metrics?: WatcherMetrics | undefined;
  /** Called at each close of a survey. */
  readonly onSurveyed: (kind: Kind) => void;
};

/** Runs the machine of one kind until the signal aborts. Rejects for what no retry could heal. */
export async function watchKind(parts: KindParts, signal: AbortSignal): Promise<void> {
  const shell = new KindShell(parts, signal);
  signal.addEventListener('abort', () => shell.stop(), { once: true });
  await shell.run();
}

/** Feeds the machine and does what it says; everything that waits is here. */
class KindShell {
  readonly #parts: KindParts;
  readonly #signal: AbortSignal;
  readonly #done = Promise.withResolvers<void>();
  readonly #timers = new Map<Timer, AbortController>();
  #watch = new AbortController();
  #surveyBeganMs = 0;
  #state: WatchState;

  constructor(parts: KindParts, signal: AbortSignal) {
    this.#parts = parts;
    this.#signal = signal;
    this.#state = startingState(parts.options, parts.seed);
  }

  async run(): Promise<void> {
    if (this.#signal.aborted) return;
    this.#take({ type: 'started' });
    await this.#done.promise;
  }

  stop(): void {
    this.#watch.abort();
    for (const timer of this.#timers.values()) timer.abort();
    this.#done.resolve();
  }

  #take(input: WatchInput): void {
    if (this.#signal.aborted) return;
    try {
      const [state, outputs] = step(this.#state, input);
      this.#state = state;
      for (const output of outputs) this.#perform(output);
    } catch (error) {
      this.#done.reject(error);
      this.#watch.abort();
    }
  }

  #perform(output: WatchOutput): void {
    const { teller } = this.#parts;
    switch (output.type) {
      case 'discover':
        return this.#start(() => this.#discover(output.request));
      case 'list':
        return this.#start(() => this.#list(output.request, output.page));
      case 'watch':
        return this.#start(() => this.#follow(output.request, output.from));
      case 'stop-watch':
        return this.#watch.abort();
      case 'wait':
        return this.#start(() => this.#wait(output.timer, output.forMs));
      case 'survey-began':
        return this.#surveyBegan(output.id);
      case 'surveyed':
        return this.#surveyed(output);
      case 'seen':
        return this.#seen(output);
      case 'gone':
        return teller.gone(output.object);
      case 'troubled':
        return this.#troubled(output.failure, output.attempts);
      default:
        return unreachable(output);
    }
  }

  /** What is started here answers by an input; what it throws ends the shell. */
  #start(work: () => Promise<void>): void {
    work().catch((error: unknown) => this.#done.reject(error));
  }

  async #discover(request: number): Promise<void> {
    const started = this.#parts.clock.monotonicMs();
    const answer = await this.#parts.isServed(this.#parts.kind);
    if (answer.ok) this.#take({ type: 'discovered', request, served: answer.value });
    else this.#failed(request, started, answer.failure);
  }

  async #list(request: number, page: PageRequest): Promise<void> {
    const { cluster, kind, outbox, clock } = this.#parts;
    await outbox.room();
    const started = clock.monotonicMs();
    const answer = await cluster.list(kind, page);
    if (!answer.ok) return this.#failed(request, started, answer.failure);
    const { items, resourceVersion, continue: next } = answer.value;
    const rest = next === undefined ? {} : { next };
    this.#take({ type: 'page', request, items, resourceVersion, ...rest });
  }

  async #follow(request: number, from: WatchFrom): Promise<void> {
    const { cluster, kind, outbox, clock } = this.#parts;
    this.#watch.abort();
    this.#parts.metrics?.watches.inc({ kind });
    const watch = new AbortController();
    this.#watch = watch;
    const started = clock.monotonicMs();
    for await (const item of cluster.watch(kind, from, watch.signal)) {
      if (watch.signal.aborted) return;
      if (item.type === 'FAILED') return this.#failed(request, started, item.failure);
      this.#take({ type: 'event', request, event: item.type, object: item.object });
      // Not reading on lets the server's own buffers fill; it ends watches that fall too far behind.
      if (!outbox.hasRoom) await outbox.room();
    }
    if (watch.signal.aborted) return;
    this.#take({ type: 'closed', request, lastedMs: clock.monotonicMs() - started });
  }

  async #wait(timer: Timer, forMs: number): Promise<void> {
    this.#timers.get(timer)?.abort();
    const mine = new AbortController();
    this.#timers.set(timer, mine);
    try {
      await this.#parts.clock.sleep(forMs, mine.signal);
    } catch (error) {
      if (mine.signal.aborted) return;
      throw error;
    }
    this.#take({ type: 'timer', timer });
  }

  #failed(request: number, started: number, failure: Failure): void {
    const lastedMs = this.#parts.clock.monotonicMs() - started;
    this.#take({ type: 'failed', request, failure, lastedMs });
  }

  #seen({ objects, survey }: Extract<WatchOutput, { type: 'seen' }>): void {
    const { teller } = this.#parts;
    for (const object of objects) {
      if (survey === undefined) teller.seen(object);
      else teller.seenInSurvey(survey, object);
    }
  }

  #surveyBegan(id: string): void {
    this.#surveyBeganMs = this.#parts.clock.monotonicMs();
    this.#parts.teller.beginSurvey(id);
  }

  #surveyed(output: Extract<WatchOutput, { type: 'surveyed' }>): void {
    const { teller, log, kind, clock, metrics, onSurveyed } = this.#parts;
    const { id, resourceVersion, unserved } = output;
    const rest = unserved === undefined ? {} : { unserved };
    const count = teller.closeSurvey({ id, resourceVersion, ...rest });
    metrics?.objects.set({ kind }, count);
    metrics?.surveying.observe({ kind }, (clock.monotonicMs() - this.#surveyBeganMs) / 1_000);
    log.info({ kind, survey: id, resourceVersion, count, ...rest }, 'surveyed');
    onSurveyed(kind);
  }

  /** One lost connection is everyday; the second in a row, or a refusal, is for a person to see. */
  #troubled(failure: Failure, attempts: number): void {
    const { log, kind, metrics } = this.#parts;
    metrics?.interruptions.inc({ kind, failure: failure.kind });
    const isEveryday = attempts === 1 && (failure.kind === 'unclear' || failure.kind === 'gone');
    log[isEveryday ? 'debug' : 'warn']({ kind, failure, attempts }, 'list or watch interrupted');
  }
}
