import type { LiveKind } from '../kinds.ts';
import { at } from '../read.ts';
import type { TestWorld } from './test-world.ts';

type Fields = Readonly<Record<string, unknown>>;

/** A machine that always runs, without disks unless the specs say otherwise. */
export function aMachine(name: string, spec: Fields = {}, instanceSpec: Fields = {}) {
  const strategy = 'running' in spec ? {} : { runStrategy: 'Always' };
  return {
    apiVersion: 'kubevirt.io/v1',
    kind: 'VirtualMachine',
    metadata: { name, labels: { app: 'x' } },
    spec: {
      ...strategy,
      ...spec,
      template: {
        metadata: {
          creationTimestamp: null,
          labels: { app: 'x', 'kubevirt.io/vm-pool-revision-name': 'p-1' },
          annotations: { note: 'n' },
        },
        spec: { domain: { devices: {} }, ...instanceSpec },
      },
    },
  };
}

/** A field after each write of the objects of a kind. */
export function writesOf(
  { changes }: Pick<TestWorld, 'changes'>,
  kind: LiveKind,
  path: string,
): readonly unknown[] {
  return changes
    .filter(({ object }) => object.kind === kind)
    .map(({ object }) => at(object, ...path.split('.')));
}
