import type { KubeObject } from '../store/types.ts';
import { listAt, textAt } from './read.ts';

/**
 * Names of the claims that a machine or an instance is to run on. A DataVolume and its claim have one
 * name, so both kinds of volume count alike.
 */
export function claimsOf(object: KubeObject): readonly string[] {
  const isMachine = object.kind === 'VirtualMachine';
  const path = isMachine ? ['spec', 'template', 'spec', 'volumes'] : ['spec', 'volumes'];
  const volumes = listAt(object, ...path).map(
    (volume) =>
      textAt(volume, 'persistentVolumeClaim', 'claimName') ?? textAt(volume, 'dataVolume', 'name'),
  );
  const own = isMachine ? diskTemplatesOf(object).map(({ name }) => name) : [];
  return [...new Set([...own, ...volumes.filter((name) => name !== undefined)])];
}

/** The dataVolumeTemplates of a machine that have a name. */
export function diskTemplatesOf(
  machine: KubeObject,
): readonly { readonly name: string; readonly template: unknown }[] {
  return listAt(machine, 'spec', 'dataVolumeTemplates').flatMap((template) => {
    const name = textAt(template, 'metadata', 'name');
    return name === undefined ? [] : [{ name, template }];
  });
}
