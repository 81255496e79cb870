import { fileURLToPath } from 'node:url';
import { isRecord } from '#shared/lib/canonical.ts';
import { builtinDefinitions } from '../../services/sandbox/schema/builtin-kinds.ts';
import { checkObject } from '../../services/sandbox/schema/check-object.ts';
import { definitionOfCrd } from '../../services/sandbox/schema/crd-definition.ts';
import { loadCrds } from '../../services/sandbox/schema/load-crds.ts';
import { createStore } from '../../services/sandbox/store/create-store.ts';
import type { KubeObject, ResourceDefinition, Store } from '../../services/sandbox/store/types.ts';
import type { Random } from './random.ts';
import type { VirtualTime } from './virtual-time.ts';

let known: readonly ResourceDefinition[] | undefined;

/** Read once: compiling schemas takes longer than a whole history. */
function definitions(): readonly ResourceDefinition[] {
  const root = fileURLToPath(new URL('../../', import.meta.url));
  known ??= [
    ...builtinDefinitions,
    ...['deploy/crds', 'services/sandbox/crds']
      .flatMap((folder) => loadCrds(`${root}/${folder}`))
      .filter(isKubeObject)
      .map(definitionOfCrd),
  ];
  return known;
}

export function isKubeObject(value: unknown): value is KubeObject {
  return isRecord(value) && isRecord(value['metadata']) && typeof value['kind'] === 'string';
}

/** A cluster's store whose uids and chance come from the seed. */
export function simulatedStore(time: VirtualTime, random: Random, historySize: number): Store {
  const uids = random.fork('uids');
  const names = random.fork('names');
  const hex = (digits: number): string =>
    Array.from({ length: digits }, () => uids.between(0, 15).toString(16)).join('');
  return createStore({
    clock: time,
    uid: () => `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(12)}`,
    chance: () => names.next(),
    builtins: definitions(),
    checkObject,
    definitionOfCrd,
    historySize,
  });
}
