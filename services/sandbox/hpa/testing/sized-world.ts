import { at, listAt, textAt } from '../../behaviour/read.ts';
import { aMachine } from '../../behaviour/testing/test-objects.ts';
import { aTestWorld } from '../../behaviour/testing/test-world.ts';
import type { TestWorld } from '../../behaviour/testing/test-world.ts';
import type { ResourcePath, StoreAnswer } from '../../store/types.ts';

const pools: ResourcePath = {
  group: 'pool.kubevirt.io',
  version: 'v1beta1',
  plural: 'virtualmachinepools',
};
const autoscalers: ResourcePath = {
  group: 'autoscaling',
  version: 'v1',
  plural: 'horizontalpodautoscalers',
};
const events: ResourcePath = { group: '', version: 'v1', plural: 'events' };

type Fields = Readonly<Record<string, unknown>>;

/** A pool `web` with machines that a test makes in place of Rollcall, and an autoscaler for it. */
export type SizedWorld = {
  readonly world: TestWorld;
  readonly autoscale: (spec: Fields, version?: 'v1' | 'v2') => void;
  /** Makes the machines that the pool lacks, takes away those beyond, and tells the pool's status. */
  readonly reconcile: () => void;
  readonly annotatePool: (annotations: Fields) => void;
  /** Another pool over the same machines. */
  readonly createPool: (name: string, replicas: number) => void;
  readonly poolSize: (name?: string) => unknown;
  readonly autoscaler: () => unknown;
  readonly eventTexts: () => readonly string[];
  readonly managersOfPool: () => readonly unknown[];
};

export function aSizedWorld(replicas: number): SizedWorld {
  const world = aTestWorld({ pods: true });
  const caller = { user: 'tester', groups: ['system:masters'] };
  const where = { namespace: 'default', caller, fieldManager: 'test' } as const;
  const ask = (answer: StoreAnswer): unknown => {
    if (answer.code >= 300) throw new Error(JSON.stringify(answer.body));
    return answer.body;
  };
  const get = (resource: ResourcePath, name: string): unknown =>
    ask(world.store.handle({ ...where, resource, verb: 'get', name }));
  const patchPool = (body: unknown, subresource?: 'status', name = 'web'): unknown =>
    ask(
      world.store.handle({
        ...where,
        resource: pools,
        verb: 'patch',
        patch: 'merge',
        name,
        body,
        ...(subresource && { subresource }),
      }),
    );
  const tellSize = (name: string, size: number): void => {
    const status = { replicas: size, readyReplicas: size, labelSelector: 'app=web' };
    patchPool({ status }, 'status', name);
  };
  const createPool = (name: string, size: number): void => {
    const body = aPool(name, size);
    ask(world.store.handle({ ...where, resource: pools, verb: 'create', body }));
    tellSize(name, size);
  };
  createPool('web', replicas);
  const poolSize = (name = 'web'): unknown => at(get(pools, name), 'spec', 'replicas');
  const reconcile = (): void => {
    const owner = get(pools, 'web');
    const wanted = Number(poolSize());
    for (let index = 0; index < 100; index += 1) {
      const machine = world.see('VirtualMachine', `web-${index}`);
      if (index < wanted && machine === undefined) {
        world.create('VirtualMachine', aMember(index, textAt(owner, 'metadata', 'uid')));
      }
      if (index >= wanted && machine !== undefined) world.remove('VirtualMachine', `web-${index}`);
    }
    tellSize('web', wanted);
  };
  reconcile();
  world.pass(1000);
  return {
    world,
    reconcile,
    createPool,
    poolSize,
    annotatePool: (annotations) => void patchPool({ metadata: { annotations } }),
    autoscale: (spec, version = 'v2') => {
      const resource = { ...autoscalers, version };
      const body = {
        apiVersion: `autoscaling/${version}`,
        kind: 'HorizontalPodAutoscaler',
        metadata: { name: 'web' },
        spec: { scaleTargetRef: target, ...spec },
      };
      ask(world.store.handle({ ...where, resource, verb: 'create', body }));
    },
    autoscaler: () => get({ ...autoscalers, version: 'v2' }, 'web'),
    managersOfPool: () =>
      listAt(get(pools, 'web'), 'metadata', 'managedFields').map((one) => at(one, 'manager')),
    eventTexts: () => {
      const asked = { ...where, resource: events, verb: 'list', options: {} } as const;
      return listAt(ask(world.store.handle(asked)), 'items').map(
        (event) => `${textAt(event, 'reason')}: ${textAt(event, 'message')}`,
      );
    },
  };
}

const target = {
  apiVersion: 'pool.kubevirt.io/v1beta1',
  kind: 'VirtualMachinePool',
  name: 'web',
};
const labels = { app: 'web' };

function aPool(name: string, replicas: number): Fields {
  const template = { metadata: { labels }, spec: { domain: { devices: {} } } };
  return {
    apiVersion: 'pool.kubevirt.io/v1beta1',
    kind: 'VirtualMachinePool',
    metadata: { name },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      virtualMachineTemplate: { metadata: { labels }, spec: { runStrategy: 'Always', template } },
    },
  };
}

function aMember(index: number, uid: string | undefined): Fields {
  const machine = aMachine(`web-${index}`);
  const template = { metadata: { labels }, spec: { domain: { devices: {} } } };
  const owner = { ...target, uid, controller: true };
  return {
    ...machine,
    metadata: { name: `web-${index}`, labels, ownerReferences: [owner] },
    spec: { runStrategy: 'Always', template },
  };
}
