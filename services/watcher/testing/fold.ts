import { compareResourceVersions } from '#shared/contract/ids.ts';
import type { ResourceVersion, Shard } from '#shared/contract/ids.ts';
import type { Kind } from '#shared/contract/kinds.ts';
import type { LogRecord } from '#shared/contract/records.ts';

type Known = {
  readonly kind: Kind;
  readonly name: string;
  readonly resourceVersion: ResourceVersion;
};

/**
 * What a reader of the log believes, by the rules that facts are written for: newer wins, gone is gone,
 * and what a whole survey did not tell of is gone too.
 */
export class Belief {
  readonly #known = new Map<string, Known>();
  readonly #gone = new Set<string>();
  readonly #open = new Map<string, { readonly id: string; readonly seen: Set<string> }>();
  readonly #synced = new Map<string, 'whole' | 'unserved'>();

  /** Objects of a kind in a shard, as `name@version`, sorted. */
  of(kind: Kind, shard: Shard): readonly string[] {
    return [...this.#known]
      .filter(([key, known]) => key.startsWith(`${shard}/`) && known.kind === kind)
      .map(([, known]) => `${known.name}@${known.resourceVersion}`)
      .toSorted();
  }

  isSynced(kind: Kind, shard: Shard): boolean {
    const key = `${shard}/${kind}`;
    return this.#synced.get(key) === 'whole' && !this.#open.has(key);
  }

  isUnserved(kind: Kind, shard: Shard): boolean {
    return this.#synced.get(`${shard}/${kind}`) === 'unserved';
  }

  fold(shard: Shard, record: LogRecord): void {
    switch (record.type) {
      case 'observed': {
        const { kind, meta } = record.object;
        const key = `${shard}/${meta.uid}`;
        const survey = this.#open.get(`${shard}/${kind}`);
        if (record.survey !== undefined && survey?.id !== record.survey) {
          throw new Error(`told in the survey ${record.survey}, which is not open`);
        }
        if (record.survey === undefined && survey !== undefined) {
          throw new Error('told by a watch while a survey is open');
        }
        survey?.seen.add(key);
        const before = this.#known.get(key);
        if (this.#gone.has(key)) return;
        if (
          before === undefined ||
          compareResourceVersions(before.resourceVersion, meta.resourceVersion) < 0
        ) {
          this.#known.set(key, { kind, name: meta.name, resourceVersion: meta.resourceVersion });
        }
        return;
      }
      case 'vanished':
        return this.#forget(`${shard}/${record.uid}`);
      case 'survey-began':
        this.#open.set(`${shard}/${record.kind}`, { id: record.id, seen: new Set() });
        return;
      case 'surveyed': {
        const bracket = `${shard}/${record.kind}`;
        const survey = this.#open.get(bracket);
        if (survey?.id !== record.id) throw new Error(`closed ${record.id}, which is not open`);
        if (survey.seen.size !== record.count) throw new Error('a survey miscounted');
        this.#open.delete(bracket);
        this.#synced.set(bracket, record.unserved === true ? 'unserved' : 'whole');
        if (record.unserved !== true) this.#closeGap(shard, record, survey.seen);
        return;
      }
      default:
        throw new Error(`no fact: ${record.type}`);
    }
  }

  #closeGap(
    shard: Shard,
    { kind, resourceVersion }: { readonly kind: Kind; readonly resourceVersion: ResourceVersion },
    seen: ReadonlySet<string>,
  ): void {
    for (const [key, known] of this.#known) {
      if (!key.startsWith(`${shard}/`) || known.kind !== kind || seen.has(key)) continue;
      if (compareResourceVersions(known.resourceVersion, resourceVersion) <= 0) this.#forget(key);
    }
  }

  #forget(key: string): void {
    this.#known.delete(key);
    this.#gone.add(key);
  }
}
