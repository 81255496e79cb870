import type { RawObject } from '#shared/cluster/cluster.ts';
import type { DigestKey } from '#shared/cluster/template-digest.ts';
import { resourceVersionSchema } from '#shared/contract/ids.ts';
import type { Shard } from '#shared/contract/ids.ts';
import type { Kind } from '#shared/contract/kinds.ts';
import { kindAddresses } from '#shared/contract/kinds.ts';
import { RefusalError } from '#shared/process/refusal.ts';
import { allShards, namespaceShards } from '#shared/stream/shards.ts';
import type { Outbox } from './outbox.ts';
import type { Places } from './places.ts';
import { trim } from './trim/trim.ts';

export type TellerParts = {
  readonly kind: Kind;
  readonly key: DigestKey;
  readonly places: Places;
  readonly outbox: Outbox;
};

/** Turns what the machine of one kind has to say into facts, each in its shard. */
export interface Teller {
  seen(object: RawObject): void;
  gone(object: RawObject): void;
  beginSurvey(id: string): void;
  seenInSurvey(id: string, object: RawObject): void;
  /** Returns how many objects the survey told. */
  closeSurvey(close: CloseSurvey): number;
}

export type CloseSurvey = {
  readonly id: string;
  readonly resourceVersion: string;
  readonly unserved?: true;
};

export function createTeller({ kind, key, places, outbox }: TellerParts): Teller {
  // A bracket stands in every shard where the kind may have objects, also where it has none: only so
  // does each shard learn that what it knew is gone.
  const shards = kindAddresses[kind].namespaced ? namespaceShards : allShards;
  const counts = new Map<Shard, number>();

  return {
    seen(raw) {
      const object = trim(kind, raw, key);
      for (const shard of places.of(object)) outbox.tell(shard, { type: 'observed', object });
    },

    gone(raw) {
      const object = trim(kind, raw, key);
      const { namespace, name, uid, resourceVersion } = object.meta;
      const vanished = { type: 'vanished', kind, namespace, name, uid, resourceVersion } as const;
      for (const shard of places.of(object)) outbox.tell(shard, vanished);
      places.forget(object);
    },

    beginSurvey(id) {
      counts.clear();
      for (const shard of shards) outbox.tell(shard, { type: 'survey-began', kind, id });
    },

    seenInSurvey(id, raw) {
      const object = trim(kind, raw, key);
      const shard = places.at(object);
      counts.set(shard, (counts.get(shard) ?? 0) + 1);
      outbox.tell(shard, { type: 'observed', object, survey: id });
    },

    closeSurvey({ id, resourceVersion, unserved }) {
      const version = resourceVersionSchema.safeParse(resourceVersion);
      if (!version.success) {
        throw new RefusalError(
          `the API server lists ${kind} at a resourceVersion that is not a number; Rollcall orders versions as numbers and cannot run on this cluster`,
        );
      }
      const rest = unserved === undefined ? {} : { unserved };
      for (const shard of shards) {
        const count = counts.get(shard) ?? 0;
        outbox.tell(shard, {
          type: 'surveyed',
          kind,
          id,
          resourceVersion: version.data,
          count,
          ...rest,
        });
      }
      return [...counts.values()].reduce((sum, count) => sum + count, 0);
    },
  };
}
