import { isRecord } from '#shared/lib/canonical.ts';
import type { SteppedClock } from './test-sandbox.ts';
import type { ApiClient, OpenWatch } from './transcript-client.ts';
import { patch, postNamespace } from './transcript-requests.ts';
import { storyKinds, storyObject, storyPath } from './transcript-timelines.ts';
import type { StoryKind } from './transcript-timelines.ts';
import type { RecordedRequest } from './transcripts.ts';

/** One event of a watch, as the recorded timelines tell it. */
export type TimelineEvent = {
  readonly type: string;
  readonly kind: string;
  readonly name: string;
  readonly resourceVersion: string;
  readonly [field: string]: unknown;
};

/** The watches of all kinds of a story, and the end of what they have shown so far. */
export interface Timelines {
  /** What came since it was taken last, in order of resourceVersion, when nothing more will come. */
  take(): Promise<readonly TimelineEvent[]>;
  close(): void;
}

/** Objects of a namespace of their own: when their latest change is seen, so is all before it. */
const lookout = 'lookout';

/**
 * Watches a sandbox without its own controllers, and stands in for the one that lets go of claims: what is
 * deleted and not in use loses the finalizer that protects it.
 */
export async function openTimelines(client: ApiClient, clock: SteppedClock): Promise<Timelines> {
  const ask = async ({ body, ...request }: RecordedRequest): Promise<void> => {
    const { status } = await client.send({ ...request, body: JSON.stringify(body) });
    if (status >= 300) throw new Error(`${request.method} ${request.path} was answered ${status}`);
  };
  await ask(postNamespace(lookout));
  for (const kind of storyKinds) {
    const { headers } = postNamespace(lookout);
    const body = storyObject(kind, { name: lookout });
    await ask({ method: 'POST', path: storyPath(kind, lookout), headers, body });
  }
  const open = async (kind: StoryKind): Promise<readonly [StoryKind, OpenWatch]> => {
    const path = `${storyPath(kind)}?watch=1`;
    return [kind, await client.watch({ method: 'GET', path, headers: {} })];
  };
  const watches = await Promise.all(storyKinds.map(open));
  const freed = new Set<string>();
  let rounds = 0;
  let taken = 0;

  const everything = (): readonly TimelineEvent[] =>
    watches
      .flatMap(([, watch]) => watch.lines.map(eventOf))
      .toSorted((left, right) => Number(left.resourceVersion) - Number(right.resourceVersion));
  const catchUp = async (): Promise<void> => {
    await clock.settled();
    rounds += 1;
    for (const [kind, watch] of watches) {
      const body = { metadata: { labels: { round: String(rounds) } } };
      await ask({ ...patch(lookout, body), path: `${storyPath(kind, lookout)}/${lookout}` });
      await seesRound(watch, rounds);
    }
  };
  const freeClaims = async (): Promise<boolean> => {
    const waiting = everything()
      .filter(isProtected)
      .filter(({ uid }) => !freed.has(String(uid)));
    for (const { kind, name, uid, type } of waiting) {
      freed.add(String(uid));
      if (type !== 'MODIFIED' || kind !== 'PersistentVolumeClaim') continue;
      const path = `${storyPath(kind, 'default')}/${name}`;
      await ask({ ...patch(name, { metadata: { finalizers: null } }), path });
    }
    return waiting.length > 0;
  };
  return {
    async take() {
      do await catchUp();
      while (await freeClaims());
      const all = everything().filter(({ name }) => name !== lookout);
      const since = all.slice(taken);
      taken = all.length;
      return since;
    },
    close: () => watches.forEach(([, watch]) => watch.close()),
  };
}

async function seesRound(watch: OpenWatch, round: number): Promise<void> {
  const sees = (line: unknown): boolean =>
    isRecord(line) && textIn(line['object'], 'labels', 'round') === String(round);
  while (!watch.lines.some(sees)) {
    const before = watch.lines.length;
    await watch.reached(before + 1);
    if (watch.lines.length === before) throw new Error('a watch ended before its time');
  }
}

function textIn(object: unknown, ...path: readonly string[]): unknown {
  const metadata = isRecord(object) ? object['metadata'] : undefined;
  return path.reduce<unknown>((at, key) => (isRecord(at) ? at[key] : undefined), metadata);
}

function isProtected({ deletionTimestamp, finalizers }: TimelineEvent): boolean {
  return (
    deletionTimestamp !== undefined &&
    Array.isArray(finalizers) &&
    finalizers.includes('kubernetes.io/pvc-protection')
  );
}

const told = [
  'uid',
  'generation',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'finalizers',
  'ownerReferences',
];

function eventOf(line: unknown): TimelineEvent {
  const { type, object } = isRecord(line) ? line : {};
  const { kind, metadata } = isRecord(object) ? object : {};
  const meta = isRecord(metadata) ? metadata : {};
  const fields = told.flatMap((key) =>
    meta[key] === undefined ? [] : [[key, meta[key]] as const],
  );
  return {
    ...Object.fromEntries(fields),
    type: String(type),
    kind: String(kind),
    name: String(meta['name']),
    resourceVersion: String(meta['resourceVersion']),
    managers: managersIn(meta['managedFields']),
  };
}

/** `manager/operation[/subresource]` of each entry. */
function managersIn(managedFields: unknown): readonly string[] {
  const entries: readonly unknown[] = Array.isArray(managedFields) ? managedFields : [];
  return entries
    .filter(isRecord)
    .map(({ manager, operation, subresource }) =>
      [manager, operation, subresource].filter((part) => part !== undefined).join('/'),
    );
}
