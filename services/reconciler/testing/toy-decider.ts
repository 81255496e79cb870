import { z } from 'zod';
import { resourceVersionSchema, uid, uidSchema } from '#shared/contract/ids.ts';
import type { Uid } from '#shared/contract/ids.ts';
import type { Decided, LogRecord } from '#shared/contract/records.ts';
import type { Decider } from '../decider.ts';

type ToySet = { version: string; planned?: string; seenAt: number };
const toySnapshotSchema = z.object({
  objects: z.array(
    z.tuple([
      uidSchema,
      z.object({ version: z.string(), planned: z.string().exactOptional(), seenAt: z.number() }),
    ]),
  ),
  shard: z.string(),
  epoch: z.number(),
  plans: z.number(),
  sequence: z.number(),
});

export type ToyView = {
  readonly shard: string;
  readonly sets: Map<Uid, ToySet>;
  epoch: number;
  plans: number;
  sequence: number;
};

/**
 * Asks for one plan for each version of a set that it has not planned yet; the shell's own behaviour
 * shows best with a decider that has none.
 */
export const toy: Decider<ToyView> = {
  emptyView: (shard) => ({ shard, sets: new Map(), epoch: 0, plans: 0, sequence: 0 }),
  evolve(view, { sequence, at, records }) {
    view.sequence = sequence;
    return records.flatMap((record) => learn(view, record, at));
  },
  decide(view, set, moment) {
    const { version, planned, seenAt } = view.sets.get(set) ?? { version: '', seenAt: 0 };
    if (version === planned) return { type: 'wait', because: 'planned' };
    const wakeAt = seenAt + 40;
    if (version === 'later' && moment.now < wakeAt) {
      return { type: 'wait', because: 'too early', wakeAt };
    }
    return { type: 'act', decided: aPlan(view, set, { because: version, moment }) };
  },
  setsOf: (view) => [...view.sets.keys()],
  checkPlan: (_view, decided) => (decided.because === 'unsound' ? ['unsound'] : []),
  snapshotVersion: 7,
  toSnapshot: ({ sets, ...rest }) => ({
    ...rest,
    objects: [...sets].map(([set, known]) => [set, { ...known }]),
  }),
  fromSnapshot(value) {
    const { objects, ...rest } = toySnapshotSchema.parse(value);
    return { ...rest, sets: new Map(objects) };
  },
};

function learn(view: ToyView, record: LogRecord, at: number): readonly Uid[] {
  switch (record.type) {
    case 'opened':
      view.epoch = view.sequence;
      view.plans = 0;
      return [];
    case 'vanished': {
      const planned = view.sets.get(record.uid)?.planned;
      const version = record.name;
      view.sets.set(record.uid, { version, seenAt: at, ...(planned ? { planned } : {}) });
      return [record.uid];
    }
    case 'decided': {
      const set = view.sets.get(record.set.uid);
      if (set !== undefined) set.planned = record.because;
      view.plans = record.plan;
      return [record.set.uid];
    }
    default:
      return [];
  }
}

function aPlan(view: ToyView, set: Uid, why: Pick<Decided, 'because' | 'moment'>): Decided {
  const nothing = { desired: 0, active: 0, terminating: 0, ready: 0 };
  return {
    type: 'decided',
    epoch: view.epoch,
    plan: view.plans + 1,
    set: { kind: 'VirtualMachinePool', namespace: 'demo', name: set, uid: set, generation: 1 },
    mode: 'manage',
    basis: view.sequence,
    balance: { ...nothing, creating: 0, deleting: 0, surplus: 0 },
    commands: [],
    ...why,
  };
}

/** A fact that gives a set a version. `later` is planned 40 ms after it was seen, `unsound` never. */
export function sighting(set: string, version: string): LogRecord {
  const resourceVersion = resourceVersionSchema.parse('1');
  const kind = 'VirtualMachinePool';
  return {
    type: 'vanished',
    kind,
    namespace: 'demo',
    name: version,
    uid: uid(set),
    resourceVersion,
  };
}
