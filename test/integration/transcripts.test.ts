import { describe, expect, test } from 'vitest';

import { apiClient } from '#test/support/transcript-client.ts';
import type { ApiClient } from '#test/support/transcript-client.ts';
import { isRecord } from '#shared/lib/canonical.ts';
import { startReplay } from '#test/support/transcript-replay.ts';
import type { Comparison, Replay } from '#test/support/transcript-replay.ts';
import { startRecordedWebhook } from '#test/support/transcript-webhook.ts';
import type { WebhookReply } from '#test/support/transcript-webhook.ts';
import { but, chains, columnText, commonComparison } from '#test/support/transcript-plans.ts';
import {
  comparisonsOf,
  onlyIdentity,
  plans,
  slimness,
  trimmed,
} from '#test/support/transcript-plans.ts';
import type { Aside, Plan } from '#test/support/transcript-plans.ts';
import { freeClaim, postClaim } from '#test/support/transcript-requests.ts';
import { readTranscript } from '#test/support/transcripts.ts';
import type { RecordedRequest, Step } from '#test/support/transcripts.ts';
import { openTestSandbox, steppedClock } from '#test/support/test-sandbox.ts';

/**
 * Replays recorded answers of a real kube-apiserver against the sandbox's HTTP server. What is masked
 * everywhere: UUIDs, resourceVersions, times, ages, ports and temporary files. What else is compared in
 * part, and what is left out, stands in test/support/transcript-plans.ts; a step that is in no list fails.
 * 401 to 405 are replayed by transcript-timelines.test.ts, 501 by transcript-audit.test.ts.
 */

const transcripts = process.env['ROLLCALL_TRANSCRIPTS'];
const realCrds = process.env['ROLLCALL_KUBEVIRT_CRDS'];

describe.each(chains(plans))('transcripts $name', ({ chain }) => {
  test('are answered as a real API server answers', { timeout: 120_000 }, async (context) => {
    if (transcripts === undefined) {
      return context.skip('left out: ROLLCALL_TRANSCRIPTS is not set');
    }
    const clock = steppedClock(Date.parse('2026-11-21T03:30:00Z'));
    await using sandbox = await openTestSandbox({
      ...(realCrds === undefined ? {} : { crds: realCrds }),
      controllers: false,
      authorization: 'RBAC',
      clock,
    });
    using client = apiClient(sandbox);
    const found: string[] = [];
    for (const plan of chain) {
      found.push(...(await replayPlan(plan, { client, clock, folder: transcripts })));
    }
    expect(found).toEqual([]);
  });
});

type Replaying = {
  readonly client: ApiClient;
  readonly clock: ReturnType<typeof steppedClock>;
  readonly folder: string;
};

/** Goes through one transcript and returns what differs, each with its step. */
async function replayPlan(
  plan: Plan,
  { client, clock, folder }: Replaying,
): Promise<readonly string[]> {
  const steps = await readTranscript(folder, plan.file);
  const comparisons = comparisonsOf(plan, steps);
  const unplanned = steps.filter(({ index }) => !comparisons.has(index));
  const found = unplanned.map((step) => `${named(plan, step)}: is in no list`);
  const replay = startReplay(client, clock.nextSecond);
  for (const step of steps) {
    for (const aside of plan.aside ?? []) {
      if (aside.before !== step.index) continue;
      const differences = await sendAside(replay, steps, aside);
      found.push(...differences.map((text) => `${named(plan, step)} (aside): ${text}`));
    }
    const comparison = comparisons.get(step.index);
    if (comparison === undefined || comparison === 'left out') continue;
    await clock.settled();
    const differences = await replay.step(step, comparison);
    found.push(...differences.map((text) => `${named(plan, step)}: ${text}`));
  }
  for (const [index, differences] of await replay.finish()) {
    found.push(...differences.map((text) => `${plan.file} step ${index} (watch): ${text}`));
  }
  return found;
}

function named(plan: Plan, { index, command, label }: Step): string {
  return `${plan.file} step ${index} ${[command, label].filter((text) => text !== '').join(', ')}`;
}

async function sendAside(
  replay: Replay,
  steps: readonly Step[],
  { before, request, shownBy, shows, mayFail }: Aside,
): Promise<readonly string[]> {
  const body = shownBy === undefined ? shows : shownIn(steps[shownBy.step], shownBy);
  const status = request.method === 'POST' ? 201 : 200;
  const response = { status, headers: {}, ...(body === undefined ? {} : { body }) };
  const step = { index: before, command: '', label: 'aside', request, response };
  return replay.step(
    step,
    mayFail === true
      ? { kind: 'asked' }
      : but(...slimness, ...trimmed, ...(shows ? onlyIdentity : [])),
  );
}

function shownIn(
  step: Step | undefined,
  { line, item }: { readonly line?: number; readonly item?: number },
): unknown {
  if (line !== undefined) {
    const event = step?.response?.lines?.[line];
    return isRecord(event) ? event['object'] : undefined;
  }
  const body = step?.response?.body;
  if (item === undefined) return body;
  const items = isRecord(body) ? body['items'] : undefined;
  return Array.isArray(items) ? items[item] : undefined;
}

/** What every review of the recording says of its caller, and what the pace of the replay decides. */
const ofReviews = [/^\.request\.userInfo\.(uid|username)$/, /\.time$/, /Timestamp$/];

/** Two of the recorded answers are no reviews: they stand before those that follow step 32. */
function repliesOf(steps: readonly Step[]): readonly WebhookReply[] {
  return steps.flatMap(({ index, admission }): readonly WebhookReply[] => {
    if (index === 33) return [{ kind: 'raw', code: 500, text: 'boom' }];
    if (index === 34) return [{ kind: 'raw', code: 200, text: '"no review"' }];
    if (admission === undefined || index === collectorsReview) return [];
    const response = isRecord(admission.response) ? admission.response : {};
    return [{ kind: 'review', response }];
  });
}

/** The sandbox's own controllers write past webhooks. */
const collectorsReview = 42;

describe('transcript 601', () => {
  test(
    'webhooks are asked as a real API server asks them',
    { timeout: 120_000 },
    async (context) => {
      if (transcripts === undefined) {
        return context.skip('left out: ROLLCALL_TRANSCRIPTS is not set');
      }
      const clock = steppedClock(Date.parse('2026-11-21T03:30:00Z'));
      const options = { controllers: false, authorization: 'RBAC', clock } as const;
      await using sandbox = await openTestSandbox(
        realCrds ? { ...options, crds: realCrds } : options,
      );
      using client = apiClient(sandbox);
      const steps = await readTranscript(transcripts, '601');
      await using webhook = await startRecordedWebhook(repliesOf(steps));
      const replay = startReplay(client, clock.nextSecond);
      const found: string[] = [];
      const whole = but(columnText, ...slimness, ...ofReviews);
      const send = async (step: Step, comparison: Comparison): Promise<void> => {
        const differences = await replay.step(step, comparison);
        found.push(...differences.map((text) => `601 step ${step.index} ${step.label}: ${text}`));
      };
      const aside = async (request: RecordedRequest): Promise<void> => {
        const status = request.method === 'POST' ? 201 : 200;
        const response = { status, headers: {} };
        await send({ index: -1, command: '', label: 'aside', request, response }, whole);
      };
      await aside(webhook.configuration);
      for (const step of steps) {
        if (step.index === 58) await aside(postClaim('ap'));
        if (step.index === 60) {
          // Without its controllers the sandbox keeps a claim that is protected.
          await aside(freeClaim('ap'));
          for (const name of ['ap1', 'ap2']) await aside(postClaim(name));
        }
        if (step.index === 63) await webhook[Symbol.asyncDispose]();
        const isCommon = commonComparison(step);
        if (isCommon === 'left out') continue;
        await clock.settled();
        await send(step, lookingOn.has(step.index) ? { kind: 'asked' } : (isCommon ?? whole));
      }
      const asked = steps.filter(({ index, admission }) => admission && index !== collectorsReview);
      const heard = webhook.heard.filter((_, index) => !rawReplies(steps).has(index));
      expect(heard).toHaveLength(asked.length);
      asked.forEach(({ index, admission }, at) => {
        const differences = replay.differences(admission?.review, heard[at], [
          ...slimness,
          ...ofReviews,
        ]);
        found.push(...differences.map((text) => `601 review ${index}: ${text}`));
      });
      expect(found).toEqual([]);
    },
  );
});

/** While kubectl looks on, the collector works. */
const lookingOn = new Set([39, 40, 41]);

/** The places, among all reviews, of those whose answers were not recorded as such. */
function rawReplies(steps: readonly Step[]): ReadonlySet<number> {
  const replies = repliesOf(steps);
  return new Set(replies.flatMap(({ kind }, index) => (kind === 'raw' ? [index] : [])));
}
