/**
 * From what the metrics ask for to what is done: stabilisation, rates and limits, as Kubernetes does them
 * (pkg/controller/podautoscaler/horizontal.go), over plain data.
 */

export type Policy = {
  readonly type: 'Pods' | 'Percent';
  readonly value: number;
  readonly periodMs: number;
};

export type Rules = {
  /** Undefined: the autoscaler's own for scaling down, none for scaling up. */
  readonly windowMs?: number;
  readonly select: 'Max' | 'Min' | 'Disabled';
  readonly policies: readonly Policy[];
};

/** A change of size that was made; `by` is always positive. */
export type ScaleEvent = { readonly by: number; readonly atMs: number };

export type Recommendation = { readonly replicas: number; readonly atMs: number };

/** What an autoscaler remembers of one target. */
export type Memory = {
  readonly recommendations: readonly Recommendation[];
  readonly ups: readonly ScaleEvent[];
  readonly downs: readonly ScaleEvent[];
};

export type Wish = {
  readonly nowMs: number;
  readonly current: number;
  /** What the metrics ask for. */
  readonly desired: number;
  readonly min: number;
  readonly max: number;
  /** Undefined where the autoscaler's spec says nothing about behaviour. */
  readonly behavior?: { readonly up: Rules; readonly down: Rules };
  /** The window of scaling down where the rules name none. */
  readonly downscaleWindowMs: number;
};

export type Verdict = { readonly reason: string; readonly message: string };

export type Bounded = {
  readonly replicas: number;
  /** Why the size is not at once what the metrics ask for; undefined when it is. */
  readonly stabilised?: Verdict;
  /** True with a reason where a limit cut the size. */
  readonly limited: Verdict & { readonly holds: boolean };
  readonly recommendations: readonly Recommendation[];
};

export const defaultUpRules: Rules = {
  windowMs: 0,
  select: 'Max',
  policies: [
    { type: 'Pods', value: 4, periodMs: 15_000 },
    { type: 'Percent', value: 100, periodMs: 15_000 },
  ],
};

export const defaultDownRules: Rules = {
  select: 'Max',
  policies: [{ type: 'Percent', value: 100, periodMs: 15_000 }],
};

/** The size to set now. */
export function boundedReplicas(wish: Wish, memory: Memory): Bounded {
  const steady = stabilise(wish, memory.recommendations);
  const limit = limitOf(wish, memory, steady.replicas);
  const oldest = wish.nowMs - longestWindowMs(wish);
  const recommendations = [
    ...memory.recommendations.filter(({ atMs }) => atMs > oldest),
    { replicas: wish.desired, atMs: wish.nowMs },
  ];
  return {
    replicas: limit.replicas,
    ...(steady.why !== undefined && { stabilised: steady.why }),
    limited: { holds: limit.holds, reason: limit.reason, message: limit.message },
    recommendations,
  };
}

function longestWindowMs(wish: Wish): number {
  return Math.max(downWindowMs(wish), wish.behavior?.up.windowMs ?? 0);
}

function downWindowMs({ behavior, downscaleWindowMs }: Wish): number {
  return behavior?.down.windowMs ?? downscaleWindowMs;
}

type Steady = { readonly replicas: number; readonly why: Verdict | undefined };

const higherBefore =
  'recent recommendations were higher than current one, applying the highest recent recommendation';
const lowerBefore =
  'recent recommendations were lower than current one, applying the lowest recent recommendation';

/** Grows to the smallest, shrinks to the largest of what was asked for within the window. */
function stabilise(wish: Wish, recommendations: readonly Recommendation[]): Steady {
  const { nowMs, current, desired, behavior } = wish;
  const within = (windowMs: number): readonly number[] =>
    recommendations.filter(({ atMs }) => atMs > nowMs - windowMs).map(({ replicas }) => replicas);
  const highest = Math.max(desired, ...within(downWindowMs(wish)));
  const scaleDownHeld = { reason: 'ScaleDownStabilized', message: higherBefore };
  if (behavior === undefined) {
    return { replicas: highest, why: highest === desired ? undefined : scaleDownHeld };
  }
  const lowest = Math.min(desired, ...within(behavior.up.windowMs ?? 0));
  const replicas = Math.min(Math.max(current, lowest), highest);
  if (replicas === desired) return { replicas, why: undefined };
  const scaleUpHeld = { reason: 'ScaleUpStabilized', message: lowerBefore };
  return { replicas, why: current <= desired ? scaleUpHeld : scaleDownHeld };
}

type Limit = Verdict & { readonly replicas: number; readonly holds: boolean };

const texts = {
  ScaleUpLimit: 'the desired replica count is increasing faster than the maximum scale rate',
  TooManyReplicas: 'the desired replica count is more than the maximum replica count',
  ScaleDownLimit: 'the desired replica count is decreasing faster than the maximum scale rate',
  TooFewReplicas: 'the desired replica count is less than the minimum replica count',
  DesiredWithinRange: 'the desired count is within the acceptable range',
} as const;

function limitOf(wish: Wish, memory: Memory, desired: number): Limit {
  const { current, min, max, behavior } = wish;
  const cut = (replicas: number, reason: keyof typeof texts): Limit => ({
    replicas,
    holds: true,
    reason,
    message: texts[reason],
  });
  const highest =
    behavior === undefined
      ? Math.max(2 * current, 4)
      : Math.max(current, upLimit(wish, memory, behavior.up));
  const lowest =
    behavior === undefined ? min : Math.min(current, downLimit(wish, memory, behavior.down));
  const grows = behavior === undefined || desired > current;
  if (grows && desired > Math.min(max, highest)) {
    return highest < max ? cut(highest, 'ScaleUpLimit') : cut(max, 'TooManyReplicas');
  }
  const shrinks = behavior === undefined || desired < current;
  if (shrinks && desired < Math.max(min, lowest)) {
    return lowest > min ? cut(lowest, 'ScaleDownLimit') : cut(min, 'TooFewReplicas');
  }
  const reason = 'DesiredWithinRange';
  return { replicas: desired, holds: false, reason, message: texts[reason] };
}

/** The most replicas that the policies allow now, counted from the size at the start of each period. */
function upLimit(wish: Wish, { ups, downs }: Memory, rules: Rules): number {
  if (rules.select === 'Disabled') return wish.current;
  const proposals = rules.policies.map(({ type, value, periodMs }) => {
    const start =
      wish.current - within(ups, wish.nowMs - periodMs) + within(downs, wish.nowMs - periodMs);
    return type === 'Pods' ? start + value : Math.ceil(start * (1 + value / 100));
  });
  return rules.select === 'Min' ? Math.min(...proposals) : Math.max(...proposals);
}

function downLimit(wish: Wish, { ups, downs }: Memory, rules: Rules): number {
  if (rules.select === 'Disabled') return wish.current;
  const proposals = rules.policies.map(({ type, value, periodMs }) => {
    const start =
      wish.current + within(downs, wish.nowMs - periodMs) - within(ups, wish.nowMs - periodMs);
    return type === 'Pods' ? start - value : Math.trunc(start * (1 - value / 100));
  });
  // The least change leaves the most replicas.
  return rules.select === 'Min' ? Math.max(...proposals) : Math.min(...proposals);
}

function within(events: readonly ScaleEvent[], sinceMs: number): number {
  return events.filter(({ atMs }) => atMs > sinceMs).reduce((total, { by }) => total + by, 0);
}

/** The memory after a change of size; changes older than any period bear on no policy. */
export function rememberScale(
  memory: Memory,
  change: { readonly from: number; readonly to: number; readonly atMs: number },
): Memory {
  const { from, to, atMs } = change;
  const recent = (events: readonly ScaleEvent[]): readonly ScaleEvent[] =>
    events.filter((event) => event.atMs > atMs - longestPeriodMs);
  return to > from
    ? { ...memory, ups: [...recent(memory.ups), { by: to - from, atMs }] }
    : { ...memory, downs: [...recent(memory.downs), { by: from - to, atMs }] };
}

/** Kubernetes allows no longer period in a policy than 30 minutes. */
const longestPeriodMs = 30 * 60_000;
