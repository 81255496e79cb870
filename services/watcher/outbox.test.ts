import fc from 'fast-check';
import { expect, test } from 'vitest';
import { digestKeyOf } from '#shared/cluster/template-digest.ts';
import { shardSchema } from '#shared/contract/ids.ts';
import type { Kind } from '#shared/contract/kinds.ts';
import type { Fact } from '#shared/contract/records.ts';
import { Outbox, saysAllOf } from './outbox.ts';
import { trim } from './trim/trim.ts';

const shard = shardSchema.parse('07');
const key = digestKeyOf(Buffer.alloc(32));

type Told = {
  readonly uid?: string;
  readonly version?: number;
  readonly generation?: number;
  readonly kind?: Kind;
  readonly survey?: string;
};

function seen({
  uid = 'a',
  version = 1,
  generation = 1,
  kind = 'VirtualMachine',
  survey,
}: Told): Fact {
  const metadata = {
    name: uid,
    namespace: 'shop',
    uid,
    resourceVersion: String(version),
    generation,
  };
  const object = trim(kind, { metadata }, key);
  return { type: 'observed', object, ...(survey === undefined ? {} : { survey }) };
}

function began(id: string, kind: Kind = 'VirtualMachine'): Fact {
  return { type: 'survey-began', kind, id };
}

/** A log that stores when told to. */
function rig(inFlight = 1, held = 100) {
  const stored: Fact[] = [];
  const acks: (() => void)[] = [];
  const append = async (_shard: unknown, fact: Fact) => {
    stored.push(fact);
    await new Promise<void>((resolve) => acks.push(resolve));
  };
  const outbox = new Outbox(append, { inFlight, held });
  const storeAll = async () => {
    while (acks.length > 0) {
      acks.shift()?.();
      // Two turns: the append's own promise, then the outbox behind it.
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { outbox, stored, storeAll, tell: (fact: Fact) => outbox.tell(shard, fact) };
}

function versions(facts: readonly Fact[]): readonly string[] {
  return facts.map((fact) => {
    if (fact.type === 'observed')
      return `${fact.object.meta.uid}@${fact.object.meta.resourceVersion}`;
    return fact.type;
  });
}

test('passes a fact at once while the log keeps up', () => {
  const { tell, stored } = rig(2);
  tell(seen({ version: 1 }));
  tell(seen({ version: 2 }));
  expect(versions(stored)).toEqual(['a@1', 'a@2']);
});

test('under pressure keeps the newest of each object, in the place of the first', async () => {
  const { tell, stored, storeAll, outbox } = rig();
  tell(seen({ uid: 'x' }));
  for (let version = 1; version < 5; version++) {
    tell(seen({ uid: 'a', version }));
    tell(seen({ uid: 'b', version }));
  }
  await storeAll();
  expect(versions(stored)).toEqual(['x@1', 'a@4', 'b@4']);
  expect(outbox.merged).toBe(6);
});

test('under pressure keeps each change of generation, and the end', async () => {
  const { tell, stored, storeAll } = rig();
  tell(seen({ uid: 'x' }));
  tell(seen({ version: 1, generation: 1 }));
  tell(seen({ version: 2, generation: 2 }));
  tell(seen({ version: 3, generation: 2 }));
  tell(seen({ version: 4, generation: 3 }));
  const last = seen({ version: 5, generation: 3 });
  if (last.type === 'observed') {
    const { uid, name, namespace, resourceVersion } = last.object.meta;
    tell({ type: 'vanished', kind: 'VirtualMachine', uid, name, namespace, resourceVersion });
  }
  await storeAll();
  expect(versions(stored)).toEqual(['x@1', 'a@1', 'a@3', 'a@4', 'vanished']);
});

test('the generation of a VMI tells no edit, so its heartbeats are merged', async () => {
  const { tell, stored, storeAll } = rig();
  const kind = 'VirtualMachineInstance';
  tell(seen({ uid: 'x' }));
  tell(seen({ kind, version: 1, generation: 1 }));
  tell(seen({ kind, version: 2, generation: 2 }));
  await storeAll();
  expect(versions(stored)).toEqual(['x@1', 'a@2']);
});

test('a change of replicas or the mark of deletion is never passed over', () => {
  const pool = (replicas: number, deletionTimestamp?: string): Fact => {
    const metadata = {
      name: 'p',
      uid: 'p',
      resourceVersion: '1',
      generation: 1,
      deletionTimestamp,
    };
    return {
      type: 'observed',
      object: trim('VirtualMachinePool', { metadata, spec: { replicas } }, key),
    };
  };
  expect(saysAllOf(pool(3), pool(3))).toBe(true);
  expect(saysAllOf(pool(3), pool(5))).toBe(false);
  expect(saysAllOf(pool(3, '2026-11-21T10:00:00Z'), pool(3))).toBe(false);
});

test('nothing is merged across a bracket of its kind, and nothing overtakes one', async () => {
  const { tell, stored, storeAll } = rig();
  tell(seen({ uid: 'x' }));
  tell(seen({ version: 1 }));
  tell(began('r.1'));
  tell(seen({ version: 2, survey: 'r.1' }));
  tell(seen({ version: 3 }));
  await storeAll();
  expect(versions(stored)).toEqual(['x@1', 'a@1', 'survey-began', 'a@2', 'a@3']);
});

test('asks readers to wait when too much is held, and lets them on again', async () => {
  const { tell, storeAll, outbox } = rig(1, 2);
  for (const uid of ['a', 'b', 'c']) tell(seen({ uid }));
  expect(outbox.hasRoom).toBe(false);
  const waited = outbox.room();
  await storeAll();
  await waited;
  expect(outbox.hasRoom).toBe(true);
  await outbox.drained();
});

test('a log that takes nothing any more breaks the outbox', async () => {
  const outbox = new Outbox(() => Promise.reject(new Error('closed')), { inFlight: 1, held: 1 });
  outbox.tell(shard, seen({}));
  await expect(outbox.broken).rejects.toThrow('closed');
});

test('whatever the pressure, the last that is stored of each object is the last that was told', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({
          uid: fc.constantFrom('a', 'b', 'c'),
          bracket: fc.boolean(),
          store: fc.boolean(),
        }),
        { maxLength: 60 },
      ),
      fc.integer({ min: 1, max: 4 }),
      async (turns, inFlight) => {
        const { tell, stored, storeAll } = rig(inFlight);
        const last = new Map<string, string>();
        for (const [version, { uid, bracket, store }] of turns.entries()) {
          if (bracket) tell(began(`r.${version}`));
          tell(seen({ uid, version }));
          last.set(uid, `${uid}@${version}`);
          if (store) await storeAll();
        }
        await storeAll();
        for (const [uid, expected] of last) {
          expect(versions(stored).findLast((text) => text.startsWith(`${uid}@`))).toBe(expected);
        }
        const brackets = versions(stored).filter((text) => text === 'survey-began');
        expect(brackets).toHaveLength(turns.filter((turn) => turn.bracket).length);
      },
    ),
    { numRuns: 50 },
  );
});
