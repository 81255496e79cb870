import { expect, test } from 'vitest';
import type { Answer } from '#shared/cluster/cluster.ts';
import type { Attempt, ReviewedUser } from '#shared/cluster/reviews.ts';
import { systemClock } from '#shared/process/clock.ts';
import { rememberingAccess } from './access.ts';

const attempt: Attempt = { verb: 'list', group: 'g', resource: 'r', namespace: 'shop' };
const alice: ReviewedUser = { name: 'alice', groups: [] };

function aJudge(answer: () => Answer<boolean>) {
  const asked: string[] = [];
  let nowMs = 0;
  const clock = { ...systemClock, monotonicMs: () => nowMs };
  const access = rememberingAccess(
    {
      whose: async (token) => {
        asked.push(`whose ${token}`);
        return { ok: true, value: token === 'known' ? alice : undefined };
      },
      allows: async (user, { namespace = '' }) => {
        asked.push(`allows ${user.name} in ${namespace}`);
        return answer();
      },
    },
    clock,
  );
  return { access, asked, pass: (ms: number) => (nowMs += ms) };
}

const yes = (): Answer<boolean> => ({ ok: true, value: true });

test('a verdict stands for seconds and no longer', async () => {
  const { access, asked, pass } = aJudge(yes);
  await Promise.all([access.allows(alice, attempt), access.allows(alice, attempt)]);
  pass(9_000);
  await access.allows(alice, attempt);
  expect(asked).toHaveLength(1);
  pass(2_000);
  await access.allows(alice, attempt);
  expect(asked).toHaveLength(2);
});

test('each user, group, verb and namespace is judged by itself', async () => {
  const { access, asked } = aJudge(yes);
  await access.allows(alice, attempt);
  await access.allows({ name: 'bob', groups: [] }, attempt);
  await access.allows({ name: 'alice', groups: ['ops'] }, attempt);
  await access.allows(alice, { ...attempt, namespace: 'demo' });
  await access.allows(alice, { ...attempt, verb: 'get' });
  expect(asked).toHaveLength(5);
});

test('a token that nobody has is remembered too', async () => {
  const { access, asked } = aJudge(yes);
  expect(await access.whose('stranger')).toEqual({ ok: true, value: undefined });
  await access.whose('stranger');
  expect(await access.whose('known')).toEqual({ ok: true, value: alice });
  expect(asked).toEqual(['whose stranger', 'whose known']);
});

test('what was not answered is asked again', async () => {
  let isAway = true;
  const failure = { kind: 'unclear', code: 0, reason: '', doing: 'asking' } as const;
  const { access } = aJudge(() => (isAway ? { ok: false, failure } : yes()));
  expect(await access.allows(alice, attempt)).toMatchObject({ ok: false });
  isAway = false;
  expect(await access.allows(alice, attempt)).toEqual({ ok: true, value: true });
});
