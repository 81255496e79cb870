import { isRecord } from '#shared/lib/canonical.ts';
import { builtinDefinitions } from '../../schema/builtin-kinds.ts';
import { checkObject } from '../../schema/check-object.ts';
import { definitionOfCrd } from '../../schema/crd-definition.ts';
import { loadCrds } from '../../schema/load-crds.ts';
import { createStore } from '../../store/create-store.ts';
import type {
  Caller,
  Change,
  Clock,
  DeleteOptions,
  KubeObject,
  ResourcePath,
  Store,
} from '../../store/types.ts';
import { type LiveKind, resourceOf } from '../kinds.ts';
import { startBehaviour } from '../start-behaviour.ts';
import type { BehaviourOptions } from '../start-behaviour.ts';

/** The real store with all its kinds under a clock of its own, with behaviour; for tests. */
export interface TestWorld {
  readonly store: Store;
  readonly clock: Clock;
  /** All changes in order, those of the setting up left out. */
  readonly changes: readonly Change[];
  create(kind: LiveKind, body: Readonly<Record<string, unknown>>): KubeObject;
  patch(kind: LiveKind, name: string, body: unknown): void;
  remove(kind: LiveKind, name: string, options?: DeleteOptions): void;
  see(kind: LiveKind, name: string): KubeObject | undefined;
  /** Lets time pass, running what falls due. */
  pass(ms: number): void;
  stopBehaviour(): void;
  startBehaviour(options?: BehaviourOptions): void;
}

export function aTestWorld(options: BehaviourOptions = {}): TestWorld {
  const clock = aTestClock();
  const changes: Change[] = [];
  const store = aStore(clock);
  store.subscribe((change) => void changes.push(change));
  let stop = startBehaviour(store, clock, options);
  const common = (kind: LiveKind) => ({
    resource: resourceOf(kind),
    namespace: kind === 'PersistentVolume' || kind === 'Node' ? '' : 'default',
    caller,
    fieldManager: 'test',
  });
  const see = (kind: LiveKind, name: string): KubeObject | undefined => {
    const { code, body } = store.handle({ ...common(kind), verb: 'get', name });
    return code === 200 ? asObject(body) : undefined;
  };
  return {
    store,
    clock,
    changes,
    see,
    create: (kind, body) =>
      asObject(accepted(store.handle({ ...common(kind), verb: 'create', body }))),
    patch: (kind, name, body) =>
      void accepted(store.handle({ ...common(kind), verb: 'patch', name, patch: 'merge', body })),
    remove: (kind, name, options = {}) =>
      void accepted(store.handle({ ...common(kind), verb: 'delete', name, options })),
    pass: clock.pass,
    stopBehaviour: () => stop(),
    startBehaviour: (others = options) => void (stop = startBehaviour(store, clock, others)),
  };
}

const caller: Caller = { user: 'tester', groups: ['system:masters'] };

function aStore(clock: Clock): Store {
  let uids = 0;
  const store = createStore({
    clock,
    uid: () => `00000000-0000-4000-8000-${String((uids += 1)).padStart(12, '0')}`,
    chance: () => 0.5,
    builtins: builtinDefinitions,
    checkObject,
    definitionOfCrd,
  });
  const crds: ResourcePath = {
    group: 'apiextensions.k8s.io',
    version: 'v1',
    plural: 'customresourcedefinitions',
  };
  const make = (resource: ResourcePath, body: unknown): unknown =>
    accepted(
      store.handle({ resource, namespace: '', caller, fieldManager: 't', verb: 'create', body }),
    );
  const root = new URL('../../../../', import.meta.url).pathname;
  for (const folder of ['deploy/crds', 'services/sandbox/crds']) {
    for (const crd of loadCrds(`${root}/${folder}`)) make(crds, crd);
  }
  return store;
}

function accepted({ code, body }: { readonly code: number; readonly body: unknown }): unknown {
  if (code >= 300) throw new Error(`the store answered ${code}: ${JSON.stringify(body)}`);
  return body;
}

function asObject(body: unknown): KubeObject {
  if (!isKubeObject(body)) throw new Error('the store answered with something else');
  return body;
}

function isKubeObject(body: unknown): body is KubeObject {
  return isRecord(body) && isRecord(body['metadata']) && typeof body['kind'] === 'string';
}

type TestClock = Clock & { readonly pass: (ms: number) => void };

function aTestClock(): TestClock {
  let time = Date.parse('2026-11-21T10:00:00Z');
  let order = 0;
  let timers: readonly { readonly due: number; readonly order: number; run(): void }[] = [];
  return {
    now: () => time,
    after: (ms, run) => {
      const timer = { due: time + ms, order: (order += 1), run };
      timers = [...timers, timer];
      return () => void (timers = timers.filter((one) => one !== timer));
    },
    pass: (ms) => {
      const end = time + ms;
      for (;;) {
        const [next] = timers
          .filter(({ due }) => due <= end)
          .toSorted((left, right) => left.due - right.due || left.order - right.order);
        if (next === undefined) break;
        timers = timers.filter((one) => one !== next);
        time = Math.max(time, next.due);
        next.run();
      }
      time = end;
    },
  };
}
