import type { KubeObject } from '../store/types.ts';
import { textAt } from './read.ts';

const nodes = 3;

/** The node an instance lands on: the one it asks for by name, otherwise always the same for one uid. */
export function nodeOf(instance: KubeObject): string {
  const asked = textAt(instance, 'spec', 'nodeSelector', 'kubernetes.io/hostname');
  return asked ?? `sandbox-node-${(spread(instance.metadata.uid) % nodes) + 1}`;
}

/** An address in 10.240.0.0/13, always the same for one uid; two instances may share one. */
export function addressOf(instance: KubeObject): string {
  const number = spread(`${instance.metadata.uid}/address`);
  const [second, third, fourth] = [240 + (number % 8), (number >>> 3) % 256, (number >>> 11) % 254];
  return `10.${second}.${third}.${fourth + 1}`;
}

/** FNV-1a over code units, 32 bits. */
export function spread(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}
