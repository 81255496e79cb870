import { describe, expect, test } from 'vitest';

import { isRecord } from '#shared/lib/canonical.ts';
import { openTestSandbox, steppedClock } from '#test/support/test-sandbox.ts';
import { apiClient } from '#test/support/transcript-client.ts';
import type { ApiClient } from '#test/support/transcript-client.ts';
import { openTimelines } from '#test/support/transcript-collector.ts';
import type { TimelineEvent } from '#test/support/transcript-collector.ts';
import { but } from '#test/support/transcript-plans.ts';
import { startReplay } from '#test/support/transcript-replay.ts';
import type { Replay } from '#test/support/transcript-replay.ts';
import { postMade, removeMade, timelinePlans } from '#test/support/transcript-timelines.ts';
import type { Scene } from '#test/support/transcript-timelines.ts';
import { readTranscript } from '#test/support/transcripts.ts';
import type { RecordedRequest } from '#test/support/transcripts.ts';

/**
 * Replays what a real garbage collector did. Every event of the recorded timelines must come, and no other:
 * its type, generation, marks of deletion, finalizers, owners and managers. The order is compared where one
 * event follows from another: of one object, and of an owner and its dependents. When each came is not.
 */

const transcripts = process.env['ROLLCALL_TRANSCRIPTS'];

/**
 * Of answers: names of managed fields hold uids, which the recording did not mask there; and our own CRDs,
 * which are enough here, declare labels as what they are.
 */
const whole = but(/ownerReferences\.k:/, /\.f:labels\.\.$/);
/** Of events: the order of versions is compared by itself. */
const unordered = [/^\.(ms|resourceVersion)$/];

describe.each(timelinePlans)('transcript $file', ({ file, scenes }) => {
  test('the collector does what a real one does, in its order', async (context) => {
    if (transcripts === undefined) {
      return context.skip('left out: ROLLCALL_TRANSCRIPTS is not set');
    }
    const clock = steppedClock(Date.parse('2026-11-21T03:30:00Z'));
    await using sandbox = await openTestSandbox({ controllers: false, clock });
    using client = apiClient(sandbox);
    const timelines = await openTimelines(client, clock);
    const replay = startReplay(client, clock.nextSecond);
    const found: string[] = [];
    let scene: Scene | undefined;
    for (const step of await readTranscript(transcripts, file)) {
      const next = scenes.find(({ before }) => before === step.index);
      if (next !== undefined) {
        await changeScene(client, scene, next);
        await timelines.take();
        scene = next;
      }
      await clock.settled();
      const differences = [...(await replay.step(step, whole))];
      if (step.timeline !== undefined) {
        const recorded = step.timeline.filter(isTimelineEvent);
        const came = await timelines.take();
        differences.push(...comparedEvents(replay, recorded, came));
        differences.push(...disorder(recorded, came, scene));
      }
      found.push(...differences.map((text) => `${file} step ${step.index}: ${text}`));
    }
    timelines.close();
    expect(found).toEqual([]);
  });
});

/** Takes away what the scene before left, and makes what the next begins with. */
async function changeScene(
  client: ApiClient,
  before: Scene | undefined,
  next: Scene,
): Promise<void> {
  const ask = async ({ body, ...request }: RecordedRequest): Promise<unknown> => {
    const text = body === undefined ? {} : { body: JSON.stringify(body) };
    const answer = await client.send({ ...request, ...text });
    if (answer.status < 300) return answer.body;
    throw new Error(`${request.method} ${request.path} was answered ${answer.status}`);
  };
  for (const left of before?.left ?? []) await ask(removeMade(left));
  const existing = new Map<string, unknown>();
  for (const made of next.made) existing.set(made.name, await ask(postMade(made, existing)));
}

/** `DELETED gp-0`, with how often that came before: an object is modified more than once. */
function keyed<Event extends TimelineEvent>(events: readonly Event[]): ReadonlyMap<string, Event> {
  const found = new Map<string, Event>();
  for (const event of events) {
    const key = `${event.type} ${event.kind} ${event.name}`;
    const times = events.slice(0, events.indexOf(event)).filter((other) => sameAs(event, other));
    found.set(`${key} ${times.length + 1}`, event);
  }
  return found;
}

function sameAs({ type, kind, name }: TimelineEvent, other: TimelineEvent): boolean {
  return other.type === type && other.kind === kind && other.name === name;
}

function comparedEvents(
  replay: Replay,
  recorded: readonly TimelineEvent[],
  came: readonly TimelineEvent[],
): readonly string[] {
  const [expected, seen] = [keyed(recorded), keyed(came)];
  const surplus = [...seen.keys()].filter((key) => !expected.has(key));
  const differences = [...expected].flatMap(([key, event]) => {
    const own = seen.get(key);
    if (own === undefined) return [`${key} did not come`];
    return replay.differences(event, own, unordered).map((text) => `${key}${text}`);
  });
  return [...differences, ...surplus.map((key) => `${key} came too`)];
}

/** Pairs of events, one of which follows from the other, that came the other way round. */
function disorder(
  recorded: readonly TimelineEvent[],
  came: readonly TimelineEvent[],
  scene: Scene | undefined,
): readonly string[] {
  const places = new Map([...keyed(came).keys()].map((key, index) => [key, index]));
  const expected = [...keyed(recorded)];
  return expected.flatMap(([laterKey, later], index) =>
    expected
      .slice(0, index)
      .filter(([, earlier]) => areRelated(earlier.name, later.name, scene))
      .filter(([key]) => (places.get(key) ?? 0) > (places.get(laterKey) ?? Infinity))
      .map(([key]) => `${laterKey} came before ${key}`),
  );
}

function areRelated(one: string, other: string, scene: Scene | undefined): boolean {
  const owns = (owner: string, name: string): boolean =>
    scene?.made.find((made) => made.name === name)?.owners?.includes(owner) === true;
  return one === other || owns(one, other) || owns(other, one);
}

function isTimelineEvent(event: unknown): event is TimelineEvent {
  return isRecord(event) && typeof event['type'] === 'string' && typeof event['name'] === 'string';
}
