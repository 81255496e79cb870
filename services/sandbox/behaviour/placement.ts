import { compareText } from '#shared/lib/order.ts';
import type { KubeObject } from '../store/types.ts';
import { nodeOf, spread } from './node.ts';
import { isLost } from './cluster-nodes.ts';
import { at, listAt, recordAt, textAt } from './read.ts';
import type { Scene } from './scene.ts';
import { troubleOf } from './troubles.ts';

export type Placement =
  | { readonly kind: 'node'; readonly name: string }
  | { readonly kind: 'nowhere'; readonly message: string };

/** The node an instance is to run on: always the same for one uid while the nodes stay the same. */
export function placementOf(scene: Scene, instance: KubeObject): Placement {
  if (troubleOf(scene, instance) === 'unschedulable') {
    return { kind: 'nowhere', message: '0/3 nodes are available: 3 Insufficient cpu.' };
  }
  if (!scene.pods) return { kind: 'node', name: nodeOf(instance) };
  const nodes = [...scene.mirror.all('Node')];
  const fitting = nodes
    .filter((node) => takesPods(node) && matches(node, instance))
    .map(({ metadata: { name } }) => name)
    .toSorted(compareText);
  const name = fitting[spread(instance.metadata.uid) % fitting.length];
  if (name !== undefined) return { kind: 'node', name };
  const message = `0/${nodes.length} nodes are available: they are down, cordoned, or did not match the node selector.`;
  return { kind: 'nowhere', message };
}

function takesPods(node: KubeObject): boolean {
  if (at(node, 'spec', 'unschedulable') === true || isLost(node)) return false;
  return listAt(node, 'spec', 'taints').every((taint) => {
    const effect = textAt(taint, 'effect');
    return effect !== 'NoSchedule' && effect !== 'NoExecute';
  });
}

function matches({ metadata: { labels = {} } }: KubeObject, instance: KubeObject): boolean {
  const wanted = Object.entries(recordAt(instance, 'spec', 'nodeSelector'));
  return wanted.every(([key, value]) => labels[key] === value);
}
