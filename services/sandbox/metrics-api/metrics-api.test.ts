import { describe, expect, it } from 'vitest';

import { compareText } from '#shared/lib/order.ts';
import { at, listAt, textAt } from '../behaviour/read.ts';
import { aSizedWorld } from '../hpa/testing/sized-world.ts';
import type { SizedWorld } from '../hpa/testing/sized-world.ts';
import type { AggregatedApi, AggregatedRequest } from '../http/aggregated.ts';
import { customMetrics } from './custom-metrics.ts';
import { resourceMetrics } from './resource-metrics.ts';

const cpu = 'sandbox.rollcall.dev/cpu';

async function ask(api: AggregatedApi, asked: Partial<AggregatedRequest>): Promise<unknown> {
  const caller = { user: 'tester', groups: [] };
  const query = new URLSearchParams();
  const base = { verb: 'list', version: 'v1beta1', resource: 'pods', namespace: '' } as const;
  return (await api.answer({ ...base, caller, query, ...asked })).body;
}

function metricsOf({ world }: SizedWorld): AggregatedApi {
  return resourceMetrics(world.store, world.clock);
}

async function cpuByMachine(sized: SizedWorld): Promise<readonly unknown[]> {
  const items = listAt(await ask(metricsOf(sized), { namespace: 'default' }), 'items');
  return items
    .map((item) => [
      textAt(item, 'metadata', 'labels', 'vm.kubevirt.io/name') ?? '',
      at(listAt(item, 'containers')[0], 'usage', 'cpu'),
    ])
    .toSorted(([left], [right]) => compareText(String(left), String(right)));
}

describe('the metrics of pods', () => {
  it('are those of an idle guest unless someone says otherwise', async () => {
    const sized = aSizedWorld(1);
    const body = await ask(metricsOf(sized), {});
    expect(body).toMatchObject({
      kind: 'PodMetricsList',
      apiVersion: 'metrics.k8s.io/v1beta1',
      items: [
        {
          metadata: { namespace: 'default', labels: { app: 'web' } },
          window: '5s',
          timestamp: expect.stringMatching(/Z$/),
          containers: [{ name: 'compute', usage: { cpu: '5m', memory: '112640Ki' } }],
        },
      ],
    });
  });

  it('follow the nearest annotation: machine before pool', async () => {
    const sized = aSizedWorld(3);
    sized.annotatePool({ [cpu]: '100m' });
    sized.world.patch('VirtualMachine', 'web-1', { metadata: { annotations: { [cpu]: '1' } } });
    sized.world.patch('VirtualMachineInstance', 'web-2', {
      metadata: { annotations: { [cpu]: '250m' } },
    });
    expect(await cpuByMachine(sized)).toEqual([
      ['web-0', '100m'],
      ['web-1', '1'],
      ['web-2', '250m'],
    ]);
  });

  it('share what the pool has to do in total', async () => {
    const sized = aSizedWorld(3);
    sized.annotatePool({ 'sandbox.rollcall.dev/total-cpu': '900m' });
    expect(await cpuByMachine(sized)).toEqual([
      ['web-0', '300m'],
      ['web-1', '300m'],
      ['web-2', '300m'],
    ]);
  });

  it('can be asked for one by one and by label', async () => {
    const sized = aSizedWorld(2);
    const query = new URLSearchParams({ labelSelector: 'vm.kubevirt.io/name=web-1' });
    const list = listAt(await ask(metricsOf(sized), { query }), 'items');
    expect(list).toHaveLength(1);
    const name = textAt(list[0], 'metadata', 'name') ?? '';
    const one = { verb: 'get', namespace: 'default', name } as const;
    expect(await ask(metricsOf(sized), one)).toMatchObject({
      kind: 'PodMetrics',
      metadata: { name },
    });
    expect(await ask(metricsOf(sized), { ...one, name: 'x' })).toMatchObject({
      code: 404,
      message: 'pods.metrics.k8s.io "x" not found',
    });
  });
});

it('tells of a node what its pods use and a little more', async () => {
  const sized = aSizedWorld(4);
  sized.annotatePool({ [cpu]: '1' });
  const items = listAt(await ask(metricsOf(sized), { resource: 'nodes' }), 'items');
  expect(items.map((item) => textAt(item, 'metadata', 'name'))).toEqual([
    'sandbox-node-1',
    'sandbox-node-2',
    'sandbox-node-3',
  ]);
  const total = items
    .map((item) => Number.parseInt(String(at(item, 'usage', 'cpu')), 10))
    .reduce((sum, one) => sum + (one < 100 ? one * 1000 : one), 0);
  expect(total).toBe(4 * 1000 + 3 * 200);
});

describe('custom metrics', () => {
  it('are the values of annotations, told in the form of the version asked for', async () => {
    const sized = aSizedWorld(2);
    sized.annotatePool({ 'sandbox.rollcall.dev/metric.queue': '42' });
    const api = customMetrics(sized.world.store, sized.world.clock);
    expect(api.definitions.map(({ plural }) => plural)).toEqual(['pods/queue']);
    const asked = { verb: 'get', namespace: 'default', name: '*', subresource: 'queue' } as const;
    const body = await ask(api, { ...asked, version: 'v1beta2' });
    expect(listAt(body, 'items')).toHaveLength(2);
    expect(listAt(body, 'items')[0]).toMatchObject({
      describedObject: { kind: 'Pod', namespace: 'default' },
      metric: { name: 'queue' },
      value: '42',
    });
    const [first] = listAt(await ask(api, asked), 'items');
    expect(first).toMatchObject({ metricName: 'queue', value: '42' });
  });

  it('that nobody set are not found', async () => {
    const sized = aSizedWorld(1);
    const api = customMetrics(sized.world.store, sized.world.clock);
    const asked = { verb: 'get', namespace: 'default', name: '*', subresource: 'queue' } as const;
    expect(await ask(api, asked)).toMatchObject({ code: 404 });
  });
});
