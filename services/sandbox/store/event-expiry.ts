import type { Core } from './core.ts';
import type { KubeObject } from './types.ts';

const lifeMs = 60 * 60_000;
/** Expired events go together, not one timer each. */
const sweepMs = 60_000;

/** Drops Events an hour after they were last written. */
export function startEventExpiry(core: Core): void {
  const definition = core.registry.ofKind('', 'Event');
  if (definition === undefined) return;
  const { clock } = core.parts;
  /** In the order of writing, so the first entries expire first. */
  const writtenMs = new Map<string, number>();
  let isScheduled = false;

  const schedule = (): void => {
    if (isScheduled || writtenMs.size === 0) return;
    isScheduled = true;
    clock.after(sweepMs, sweep);
  };
  const sweep = (): void => {
    isScheduled = false;
    for (const [key, ms] of writtenMs) {
      if (ms + lifeMs > clock.now()) break;
      writtenMs.delete(key);
      const object = core.get(definition, ...placeOf(key));
      if (object !== undefined) {
        core.commit({ type: 'DELETED', definition, object, previous: object });
      }
    }
    schedule();
  };
  const note = (object: KubeObject, ms: number): void => {
    const key = `${object.metadata.namespace ?? ''}/${object.metadata.name}`;
    writtenMs.delete(key);
    writtenMs.set(key, ms);
    schedule();
  };

  const kept = core
    .tableOf(definition)
    .list('')
    .map((object) => ({ object, ms: createdMs(object) }));
  kept.toSorted((left, right) => left.ms - right.ms).forEach(({ object, ms }) => note(object, ms));
  core.subscribe(({ type, object, definition: { group, plural } }) => {
    if (group !== '' || plural !== 'events') return;
    const { namespace = '', name } = object.metadata;
    if (type === 'DELETED') writtenMs.delete(`${namespace}/${name}`);
    else note(object, clock.now());
  });
}

function placeOf(key: string): [namespace: string, name: string] {
  const slash = key.indexOf('/');
  return [key.slice(0, slash), key.slice(slash + 1)];
}

function createdMs({ metadata }: KubeObject): number {
  return Date.parse(metadata.creationTimestamp);
}
