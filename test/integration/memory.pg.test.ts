import { expect, test } from 'vitest';
import { resourceVersionSchema, uid } from '#shared/contract/ids.ts';
import { recordSchema } from '#shared/contract/records.ts';
import type { LogRecord } from '#shared/contract/records.ts';
import { openStore } from '#shared/store/open-store.ts';
import { addChanges, noChanges } from '../../services/recorder/changes.ts';
import { foldRecord } from '../../services/recorder/fold.ts';
import { loadState } from '../../services/recorder/load-state.ts';
import type { Holding } from '../../services/recorder/rows.ts';
import { emptyState } from '../../services/recorder/state.ts';
import type { BookState } from '../../services/recorder/state.ts';
import { writeBatch } from '../../services/recorder/write-batch.ts';
import type { BookPosition } from '../../services/recorder/write-batch.ts';
import { createRandom } from '../simulation/random.ts';
import type { Random } from '../simulation/random.ts';
import { createBook } from './book-database.ts';
import {
  aPool,
  anEffect,
  began,
  decidedDeletes,
  gone,
  poolRef,
  sawDisk,
  sawVm,
  seen,
  settled,
  shard,
} from './book-story.ts';

/* What a recorder knows after a restart is what it knew before, whatever happened and was void again. */

const lineage = '0123abcd';

/** A cluster whose versions can be set back, told record by record by chance. */
class Story {
  readonly #random: Random;
  #version = 100;
  #generation = 1;
  #plan = 0;
  #requests = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  next(): readonly LogRecord[] {
    const vm = `web-${this.#random.between(0, 3)}`;
    switch (this.#random.between(0, 13)) {
      case 0:
        return [this.#now(seen(this.#pool(this.#random.between(0, 4))))];
      case 1:
        return this.#attributed(vm);
      case 2:
      case 3:
        return [this.#now(sawVm(vm))];
      case 4:
        return [this.#now(sawVm(vm, { deleting: true }))];
      case 5:
      case 6:
        return [gone('VirtualMachine', vm)];
      case 7:
        return sawDisk(vm).map((record) => this.#now(record));
      case 8:
        return [gone('PersistentVolumeClaim', `${vm}-disk`, `${vm}-disk-pvc`)];
      case 9:
        this.#plan += 1;
        return [decidedDeletes(this.#plan, [vm])];
      case 10:
        return [settled(anEffect(this.#plan, 0), this.#random.chance(0.5) ? 'applied' : 'stale')];
      case 11:
        return this.#held();
      case 12:
        return [gone('VirtualMachinePool', 'web')];
      default:
        return this.#setBack();
    }
  }

  #pool(replicas: number): ReturnType<typeof aPool> {
    this.#generation += 1;
    const isPaused = this.#random.chance(0.3);
    const annotations = isPaused ? { 'rollcall.dev/paused': 'true' } : {};
    const pool = aPool(replicas, { paused: isPaused, deleting: this.#random.chance(0.1) });
    return { ...pool, meta: { ...pool.meta, annotations, generation: this.#generation } };
  }

  /** The same sighting, at the newest version of a cluster that may have been set back. */
  #now(record: LogRecord): LogRecord {
    if (record.type !== 'observed') return record;
    this.#version += 1;
    const { object } = record;
    const resourceVersion = String(this.#version);
    return recordSchema.parse({
      ...record,
      object: { ...object, meta: { ...object.meta, resourceVersion } },
    });
  }

  #attributed(vm: string): readonly LogRecord[] {
    this.#requests += 1;
    const isOfPool = this.#random.chance(0.6);
    const version = this.#version + this.#random.between(-3, 2);
    return [
      {
        type: 'attributed',
        source: 'audit',
        id: `request-${this.#requests}`,
        verb: this.#random.chance(0.3) ? 'delete' : 'update',
        object: {
          kind: isOfPool ? 'VirtualMachinePool' : 'VirtualMachine',
          namespace: 'demo',
          name: isOfPool ? 'web' : vm,
          uid: uid(isOfPool ? 'web-uid' : `${vm}-uid`),
          resourceVersion: resourceVersionSchema.parse(String(version)),
        },
        replicas: this.#random.between(0, 4),
        user: this.#random.chance(0.5) ? 'alice' : 'bob',
        groups: [],
        receivedAt: new Date(began - 500).toISOString(),
        answeredAt: new Date(began - 495).toISOString(),
      },
    ];
  }

  #held(): readonly LogRecord[] {
    const held = { type: 'held', epoch: 1, set: poolRef, basis: 1, because: 'a test' } as const;
    return [this.#random.chance(0.5) ? { ...held, reason: 'Contested' } : held];
  }

  #setBack(): readonly LogRecord[] {
    if (this.#random.chance(0.5)) return [];
    this.#version = Math.max(100, this.#version - this.#random.between(5, 40));
    const askedAt = new Date(began).toISOString();
    return [{ type: 'rewound', id: String(this.#version), by: 'alice', askedAt }];
  }
}

test.for([1, 2, 3, 4, 5, 6])(
  'a restart changes nothing of what is known, story %i',
  async (seed) => {
    await using book = await createBook();
    await using recorder = openStore({ databaseUrl: book.urlFor('recorder'), name: 'recorder' });
    const random = createRandom(String(seed));
    const story = new Story(random);
    const state = emptyState();
    let position: BookPosition | undefined;
    let rewinds = 0;
    for (let sequence = 0; sequence < 200;) {
      const changes = noChanges();
      const told: LogRecord[] = [];
      for (let more = random.between(1, 8); more > 0; more -= 1) {
        for (const record of story.next()) {
          sequence += 1;
          told.push(record);
          const at = began + Math.floor(sequence / 3);
          const arrival = { lineage, sequence, at, shard, part: 0 };
          addChanges(changes, foldRecord(state, arrival, record));
        }
      }
      rewinds += told.filter(({ type }) => type === 'rewound').length;
      const at = began + Math.floor(sequence / 3);
      const next = { lineage, sequence, turn: 0, at, hash: 'x', beganAt: state.beganAt ?? at };
      position = await writeBatch(recorder.db, position, { changes, position: next });
      const loaded = await loadState(recorder.db, position);
      expect(known(loaded), told.map(({ type }) => type).join()).toEqual(known(state));
    }
    expect(rewinds).toBeGreaterThan(1);
  },
);

/** What the state says, whatever the order in which it came to know it. */
function known(state: BookState): object {
  const { holdings, names, users, open, sizes, volumes, begun, testimonies, told } = state;
  return {
    chain: state.chainSequence,
    beganAt: state.beganAt,
    holdings: sorted([...holdings].map(([key, holding]) => [key, essence(holding)])),
    names: sorted(names),
    users: sorted([...users].filter(([, user]) => holdings.has(user))),
    members: sorted(
      [...state.memberships]
        .filter(([, { uids }]) => uids.size > 0)
        .map(([key, { uids, active }]) => [key, { uids: [...uids].toSorted(), active }]),
    ),
    shelves: sorted(
      [...state.shelves]
        .filter(([, uids]) => uids.size > 0)
        .map(([key, uids]) => [key, [...uids].toSorted()]),
    ),
    open: sorted(open),
    sizes: sorted(sizes),
    holds: sorted(state.holds),
    volumes: sorted(volumes),
    begun: sorted(
      [...begun].filter(([, all]) => all.size > 0).map(([key, all]) => [key, sorted(all)]),
    ),
    testimonies: sorted(testimonies),
    told: sorted(told),
  };
}

/** A version in which nothing changed that the book keeps is not written. */
function essence(holding: Holding): object {
  const { resourceVersion, deletedAt: _at, ...rest } = holding;
  return { ...rest, ...(holding.wanted === undefined ? {} : { resourceVersion }) };
}

function sorted(entries: Iterable<readonly [unknown, unknown]>): readonly unknown[] {
  return [...entries]
    .map(([key, value]) => ({ key: String(key), value }))
    .toSorted((left, right) => (left.key < right.key ? -1 : 1));
}
