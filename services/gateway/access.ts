import { createHash } from 'node:crypto';
import type { Answer } from '#shared/cluster/cluster.ts';
import type { Attempt, ReviewedUser, Reviews } from '#shared/cluster/reviews.ts';
import type { Clock } from '#shared/process/clock.ts';

/** Who a caller is and what he may do. The API server judges both; tests have a judge of their own. */
export type Access = Pick<Reviews, 'whose' | 'allows'>;

/** How long a verdict stands: a right that is taken away is gone this much later at most. */
const standsMs = 10_000;

/** Verdicts kept at most of each sort; the oldest go first. */
const mostKept = 10_000;

/**
 * Remembers verdicts for seconds, and asks once where several wait for the same one. What was not
 * answered is not remembered. Tokens are kept as digests only.
 */
export function rememberingAccess(judge: Access, clock: Clock): Access {
  const owners = new Memory<ReviewedUser | undefined>(clock);
  const rights = new Memory<boolean>(clock);
  return {
    whose: (token) => {
      const key = createHash('sha256').update(token).digest('base64');
      return owners.recall(key, () => judge.whose(token));
    },
    allows: (user, attempt) =>
      rights.recall(keyOf(user, attempt), () => judge.allows(user, attempt)),
  };
}

function keyOf(user: ReviewedUser, attempt: Attempt): string {
  const { verb, group, resource, namespace = '', name = '' } = attempt;
  const { name: who, uid = '', groups, extra = {} } = user;
  return JSON.stringify([who, uid, groups, extra, verb, group, resource, namespace, name]);
}

type Verdict<Value> = { readonly answer: Promise<Answer<Value>>; readonly until: number };

class Memory<Value> {
  readonly #clock: Clock;
  readonly #verdicts = new Map<string, Verdict<Value>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async recall(key: string, ask: () => Promise<Answer<Value>>): Promise<Answer<Value>> {
    const known = this.#verdicts.get(key);
    const now = this.#clock.monotonicMs();
    if (known !== undefined && known.until > now) return known.answer;
    const verdict = { answer: ask(), until: now + standsMs };
    this.#verdicts.delete(key);
    this.#verdicts.set(key, verdict);
    const oldest = this.#verdicts.keys().next();
    if (this.#verdicts.size > mostKept && oldest.done !== true) this.#verdicts.delete(oldest.value);
    const answer = await verdict.answer;
    if (!answer.ok && this.#verdicts.get(key) === verdict) this.#verdicts.delete(key);
    return answer;
  }
}
