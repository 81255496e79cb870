import { isRecord } from '#shared/lib/canonical.ts';
import { builtinDefinitions } from '../schema/builtin-kinds.ts';
import { checkObject } from '../schema/check-object.ts';
import { definitionOfCrd } from '../schema/crd-definition.ts';
import type { StoreParts } from './core.ts';
import { createStore } from './create-store.ts';
import { valueAt } from './json.ts';
import type {
  Change,
  Clock,
  DeleteOptions,
  ListOptions,
  Store,
  StoreAnswer,
  Subresource,
} from './types.ts';

/** A clock that stands still until it is told to go on. */
export type StillClock = Clock & { advance(ms: number): void };

export function stillClock(startMs = Date.parse('2026-11-21T03:00:00Z')): StillClock {
  let nowMs = startMs;
  let timers: { readonly atMs: number; readonly run: () => void }[] = [];
  return {
    now: () => nowMs,
    after(ms, run) {
      const timer = { atMs: nowMs + ms, run };
      timers.push(timer);
      return () => {
        timers = timers.filter((other) => other !== timer);
      };
    },
    advance(ms) {
      const endMs = nowMs + ms;
      for (;;) {
        const [next] = timers.toSorted((left, right) => left.atMs - right.atMs);
        if (next === undefined || next.atMs > endMs) break;
        timers = timers.filter((other) => other !== next);
        nowMs = next.atMs;
        next.run();
      }
      nowMs = endMs;
    },
  };
}

const group = 'test.rollcall.dev';

function crd(plural: string, kind: string, subresources: Readonly<Record<string, unknown>>) {
  const object = { type: 'object' };
  const spec = {
    ...object,
    required: ['selector'],
    properties: {
      replicas: { type: 'integer', format: 'int32', minimum: 0 },
      selector: {
        ...object,
        properties: { matchLabels: { ...object, additionalProperties: { type: 'string' } } },
        'x-kubernetes-map-type': 'atomic',
      },
      template: { ...object, 'x-kubernetes-preserve-unknown-fields': true },
      disks: { type: 'array', items: { ...object, properties: { name: { type: 'string' } } } },
      paused: { type: 'boolean' },
    },
  };
  const status = {
    ...object,
    properties: {
      replicas: { type: 'integer', format: 'int32' },
      readyReplicas: { type: 'integer', format: 'int32' },
      labelSelector: { type: 'string' },
    },
  };
  const properties = { apiVersion: { type: 'string' }, kind: { type: 'string' }, metadata: object };
  const openAPIV3Schema = { ...object, properties: { ...properties, spec, status } };
  const version = { served: true, schema: { openAPIV3Schema }, subresources };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      names: { plural, kind },
      scope: 'Namespaced',
      versions: [
        { ...version, name: 'v1beta1', storage: true },
        { ...version, name: 'v1alpha1', storage: false },
      ],
    },
  };
}

/** Sets have the subresources of a pool, gadgets have none. */
export const setCrd = crd('sets', 'Set', {
  status: {},
  scale: {
    specReplicasPath: '.spec.replicas',
    statusReplicasPath: '.status.replicas',
    labelSelectorPath: '.status.labelSelector',
  },
});
export const gadgetCrd = crd('gadgets', 'Gadget', {});

/** The path of a request: `sets`, `v1alpha1/sets`, or a built-in plural. */
function resourceAt(path: string) {
  const [plural = '', version] = path.split('/').toReversed();
  if (plural === 'sets' || plural === 'gadgets') {
    return { group, version: version ?? 'v1beta1', plural };
  }
  const builtin = builtinDefinitions.find((definition) => definition.plural === plural);
  return { group: builtin?.group ?? '', version: version ?? 'v1', plural };
}

export function aSet(name: string, more: Readonly<Record<string, unknown>> = {}) {
  return {
    apiVersion: `${group}/v1beta1`,
    kind: 'Set',
    metadata: { name },
    spec: { replicas: 1, selector: { matchLabels: { p: name } } },
    ...more,
  };
}

type WriteOptions = {
  readonly by?: string;
  readonly dryRun?: boolean;
  readonly fieldValidation?: 'Ignore' | 'Warn' | 'Strict';
  readonly at?: Subresource;
  readonly namespace?: string;
};

/** A store with short ways to ask it, and all that it told. */
export class GivenStore {
  readonly clock: StillClock;
  readonly store: Store;
  readonly changes: Change[] = [];

  constructor(parts: Partial<StoreParts> = {}, clock: StillClock = stillClock()) {
    let made = 0;
    this.clock = clock;
    this.store = createStore({
      clock,
      uid: () => `00000000-0000-4000-8000-${String((made += 1)).padStart(12, '0')}`,
      chance: () => 0.5,
      builtins: builtinDefinitions,
      checkObject,
      definitionOfCrd,
      ...parts,
    });
    if (parts.restored === undefined) {
      this.create('customresourcedefinitions', setCrd);
      this.create('customresourcedefinitions', gadgetCrd);
    }
    this.store.subscribe((change) => this.changes.push(change));
  }

  create(path: string, body: unknown, options: WriteOptions = {}): StoreAnswer {
    return this.store.handle({ ...this.#write(path, options), verb: 'create', body });
  }

  put(path: string, name: string, body: unknown, options: WriteOptions = {}): StoreAnswer {
    const sub = options.at === undefined ? {} : { subresource: options.at };
    return this.store.handle({ ...this.#write(path, options), verb: 'update', name, body, ...sub });
  }

  merge(path: string, name: string, body: unknown, options: WriteOptions = {}): StoreAnswer {
    return this.#patch(path, name, { patch: 'merge', body, options });
  }

  jsonPatch(path: string, name: string, body: unknown, options: WriteOptions = {}): StoreAnswer {
    return this.#patch(path, name, { patch: 'json', body, options });
  }

  strategic(path: string, name: string, body: unknown): StoreAnswer {
    return this.#patch(path, name, { patch: 'strategic', body, options: {} });
  }

  delete(path: string, name: string, options: DeleteOptions = {}): StoreAnswer {
    return this.store.handle({ ...this.#write(path, {}), verb: 'delete', name, options });
  }

  deleteAll(path: string, list: ListOptions, options: DeleteOptions = {}): StoreAnswer {
    return this.store.handle({ ...this.#write(path, {}), verb: 'deletecollection', list, options });
  }

  get(path: string, name: string, options: WriteOptions = {}): StoreAnswer {
    const sub = options.at === undefined ? {} : { subresource: options.at };
    return this.store.handle({ ...this.#common(path, options), verb: 'get', name, ...sub });
  }

  list(path: string, options: ListOptions = {}, namespace = 'default'): StoreAnswer {
    return this.store.handle({ ...this.#common(path, { namespace }), verb: 'list', options });
  }

  /** The changes since the last call, each as `TYPE name`. */
  told(): readonly string[] {
    return this.changes.splice(0).map(({ type, object }) => `${type} ${object.metadata.name}`);
  }

  #patch(
    path: string,
    name: string,
    asked: {
      readonly patch: 'merge' | 'json' | 'strategic';
      readonly body: unknown;
      readonly options: WriteOptions;
    },
  ): StoreAnswer {
    const { patch, body, options } = asked;
    const sub = options.at === undefined ? {} : { subresource: options.at };
    const write = this.#write(path, options);
    return this.store.handle({ ...write, verb: 'patch', name, patch, body, ...sub });
  }

  #common(path: string, { namespace }: Pick<WriteOptions, 'namespace'>) {
    const resource = resourceAt(path);
    const found = this.store.resolve(resource);
    const inNamespace = found?.definition.namespaced === true ? (namespace ?? 'default') : '';
    return { resource, namespace: inNamespace, caller: { user: 'tester', groups: [] } };
  }

  #write(path: string, options: WriteOptions) {
    const { by = 'curl', dryRun, fieldValidation } = options;
    return {
      ...this.#common(path, options),
      fieldManager: by,
      ...(dryRun === undefined ? {} : { dryRun }),
      ...(fieldValidation === undefined ? {} : { fieldValidation }),
    };
  }
}

/** A value inside an answer's body, by a dotted path; a number names an item of a list. */
export function at({ body }: StoreAnswer, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (value, part) => (Array.isArray(value) ? value[Number(part)] : valueAt(value, [part])),
      body,
    );
}

export function namesIn({ body }: StoreAnswer): readonly unknown[] {
  const items = isRecord(body) ? body['items'] : undefined;
  return Array.isArray(items) ? items.map((item) => valueAt(item, ['metadata', 'name'])) : [];
}
