import type { KubeObject } from '../store/types.ts';
import { isControlledBy } from './read.ts';
import type { Scene } from './scene.ts';

/** Annotations with this prefix tell the sandbox how a machine, an instance or a node shall behave. */
export const knobPrefix = 'sandbox.rollcall.dev/';

/**
 * What goes wrong with a machine on purpose: `start` never comes up, `crash` ends what runs, `image` cannot
 * be pulled, `unschedulable` finds no node, `data-volume` cannot be filled.
 */
export type Trouble = 'start' | 'crash' | 'image' | 'unschedulable' | 'data-volume';

const troubles: readonly Trouble[] = ['start', 'crash', 'image', 'unschedulable', 'data-volume'];

/** `sandbox.rollcall.dev/fail` of the instance, otherwise of its machine. */
export function troubleOf(scene: Scene, instance: KubeObject): Trouble | undefined {
  return troubleNamed(knobOf(scene, instance, 'fail'));
}

export function troubleNamed(name: string | undefined): Trouble | undefined {
  return troubles.find((trouble) => trouble === name);
}

/** `sandbox.rollcall.dev/boot-seconds`: how long a slow machine takes to boot; undefined: as usual. */
export function slowBootMs(scene: Scene, instance: KubeObject): number | undefined {
  const seconds = Number(knobOf(scene, instance, 'boot-seconds') ?? NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined;
}

export function hasKnob({ metadata: { annotations = {} } }: KubeObject): boolean {
  for (const name in annotations) if (name.startsWith(knobPrefix)) return true;
  return false;
}

function knobOf({ mirror }: Scene, instance: KubeObject, knob: string): string | undefined {
  const own = instance.metadata.annotations?.[knobPrefix + knob];
  if (own !== undefined) return own;
  const { namespace = '', name } = instance.metadata;
  const machine = mirror.see('VirtualMachine', namespace, name);
  if (machine === undefined || !isControlledBy(instance, machine)) return undefined;
  return machine.metadata.annotations?.[knobPrefix + knob];
}
