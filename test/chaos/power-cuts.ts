import type { Random } from '../simulation/random.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import type { TemporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';
import { AckedWriter, effectsIn } from './acked-writer.ts';
import { natsOnDisk } from './disk-servers.ts';
import type { DiskNats } from './disk-servers.ts';
import { Drill } from './drill.ts';
import type { Health } from './drill.ts';
import { proofOf } from './proof.ts';
import type { Proof } from './proof.ts';

export const [peak, rest] = [40, 10];

/** What one power cut came to. */
export type Trial = {
  /** Records that the broker had acknowledged when the power went, and those of them that are gone. */
  readonly acked: number;
  readonly lost: readonly number[];
  /** Effects that the executor had written down in this trial by then, and those whose outcome is gone. */
  readonly settled: number;
  readonly forgotten: readonly string[];
  readonly proof: Proof;
  readonly health: Health;
};

/** A Rollcall whose broker loses its power, again and again, while everything else lives on. */
export class PowerCuts implements AsyncDisposable {
  readonly #folder: TemporaryFolder;
  readonly #nats: DiskNats;
  readonly drill: Drill;
  #trials = 0;

  private constructor(folder: TemporaryFolder, nats: DiskNats, drill: Drill) {
    this.#folder = folder;
    this.#nats = nats;
    this.drill = drill;
  }

  static async start(): Promise<PowerCuts> {
    const folder = await temporaryFolder('power');
    const nats = await natsOnDisk({ folder: folder.path, megabytes: 300, syncAlways: true });
    await nats.server.start();
    const env = { NATS_URL: nats.url, NATS_MONITOR_URL: nats.monitorUrl };
    return new PowerCuts(folder, nats, await Drill.start({ env }));
  }

  /** A pool goes 0 → 40 → 10; at a random point of the way out or in the lights go out. */
  async trial(random: Random): Promise<Trial> {
    const { drill } = this;
    const before = drill.log('executor').length;
    const pool = `cut-${(this.#trials += 1)}`;
    await using writer = await AckedWriter.start(this.#nats);
    await drill.make({ name: pool });
    const onTheWayOut = random.chance(0.5);
    const at = random.between(0, (onTheWayOut ? peak : peak - rest) - 1);
    let cut: { readonly acked: number; readonly settled: readonly string[] } | undefined;
    const cutWhen = async (reached: () => Promise<boolean>) => {
      await until('the moment', reached, { everyMs: 1 });
      await this.#nats.server.cutPower();
      const settled = settledIn(drill.log('executor').slice(before));
      const { acked } = writer;
      await this.#nats.server.start();
      return { acked, settled };
    };

    await drill.scale(pool, peak);
    if (onTheWayOut) cut = await cutWhen(async () => (await drill.made(pool)) >= at);
    await drill.settles(pool, peak);
    await drill.scale(pool, rest);
    cut ??= await cutWhen(async () => (await drill.gone(pool)) >= at);
    await drill.settles(pool, rest);

    const lost = await writer.lost();
    const effects = await effectsIn(this.#nats);
    return {
      acked: cut.acked,
      lost,
      settled: cut.settled.length,
      forgotten: cut.settled.filter((effect) => !effects.has(effect)),
      proof: await proofOf(drill, pool),
      health: await drill.health(),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.drill[Symbol.asyncDispose]();
    await this.#nats.server.stop();
    await this.#folder.remove();
  }
}

/** The executor says so only after the broker's yes. */
function settledIn(log: string): readonly string[] {
  return log
    .split('\n')
    .filter((line) => line.includes('"msg":"settled"'))
    .flatMap((line) => /"effect":"([^"]+)"/.exec(line)?.[1] ?? []);
}
