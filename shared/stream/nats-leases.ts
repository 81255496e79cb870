import type { KV } from 'nats';
import { systemClock } from '#shared/process/clock.ts';
import { apiErrorCode } from './ask.ts';
import type { Link } from './link.ts';
import type { Lease, Leases } from './position.ts';
import { wrongLastSequence } from './publisher.ts';

const tryEachMs = 250;
const renewEachMs = 1_000;
const sayEachMs = 10_000;

/** Leases in a bucket whose keys vanish when they are not renewed. */
export function createLeases(link: Link, bucket: KV): Leases {
  return {
    async hold(name, holder, signal) {
      const started = systemClock.monotonicMs();
      for (let said = 0; ;) {
        signal.throwIfAborted();
        await link.up(signal);
        const revision = await take(bucket, name, holder);
        if (revision !== undefined) return new HeldLease({ link, bucket, name, holder }, revision);
        const waitedMs = systemClock.monotonicMs() - started;
        if (waitedMs >= said) {
          said = waitedMs + sayEachMs;
          link.log.info({ lease: name }, 'waiting for the lease, another process holds it');
        }
        await systemClock.sleep(tryEachMs, signal);
      }
    },
  };
}

/** The revision under which the lease is ours; undefined when another has it or nobody answered. */
async function take(bucket: KV, name: string, holder: string): Promise<number | undefined> {
  try {
    return await bucket.create(name, holder);
  } catch {
    return undefined;
  }
}

type Holding = {
  readonly link: Link;
  readonly bucket: KV;
  readonly name: string;
  readonly holder: string;
};

/**
 * Renewed while held. While the broker is away it is neither kept nor lost, for then nobody can write;
 * its first answer tells.
 */
class HeldLease implements Lease {
  readonly #holding: Holding;
  readonly #lost = Promise.withResolvers<never>();
  readonly #stop = new AbortController();
  readonly #renewing: Promise<void>;
  #revision: number | undefined;

  constructor(holding: Holding, revision: number) {
    this.#holding = holding;
    this.#revision = revision;
    this.#lost.promise.catch(() => undefined);
    this.#renewing = this.#renew();
  }

  get lost(): Promise<never> {
    return this.#lost.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#renewing;
    const { bucket, link, name } = this.#holding;
    if (this.#revision === undefined || !link.isUp) return;
    try {
      await bucket.delete(name, { previousSeq: this.#revision });
    } catch (error) {
      link.log.debug({ err: error, lease: name }, 'the lease was not given back, it will run out');
    }
  }

  async #renew(): Promise<void> {
    const { link, name } = this.#holding;
    try {
      for (;;) {
        await systemClock.sleep(renewEachMs, this.#stop.signal);
        await this.#renewOnce();
      }
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      this.#revision = undefined;
      this.#lost.reject(new Error(`lost the lease ${name}`, { cause: error }));
      link.log.warn({ lease: name }, 'lost a lease');
    }
  }

  async #renewOnce(): Promise<void> {
    const { bucket, link, name, holder } = this.#holding;
    await link.up(this.#stop.signal);
    try {
      this.#revision = await bucket.update(name, holder, this.#revision ?? 0);
    } catch (error) {
      if (apiErrorCode(error) !== wrongLastSequence) return;
      // It ran out while the broker was away, or an unclear renewal was stored after all.
      this.#revision = await takeBack(this.#holding);
    }
  }
}

async function takeBack({ bucket, name, holder }: Holding): Promise<number> {
  const entry = await bucket.get(name);
  if (entry?.operation === 'PUT' && entry.string() === holder) return entry.revision;
  return await bucket.create(name, holder);
}
