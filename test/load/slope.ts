export type Sample = {
  /** Minutes since the start. */
  readonly at: number;
  /** Megabytes. */
  readonly memory: number;
};

export type Slope = {
  readonly first: number;
  readonly last: number;
  /** Megabytes a minute, over the time after the warm-up, as a line through the low points tells it. */
  readonly perMinute: number;
  readonly flat: boolean;
};

/**
 * Until then caches fill, code is compiled and heaps find their size: an engine lets one grow for minutes
 * before it collects the old part, and keeps the size.
 */
const warmUpShare = 1 / 2;
/** Low points are what is left after a collection. */
const lowPointOf = 5;

/** The end of the time that is judged, which has to reach higher than all before it where memory grows. */
const endShare = 1 / 3;

/**
 * Whether memory grows. A heap goes up and down by its collections, so its low points count, which may rise
 * by a tenth, or 16 MB, over the time that is judged. They rise as well where collections come seldom and one
 * fell into the beginning; but what grows is higher in the end than it has ever been.
 */
export function slopeOf(samples: readonly Sample[]): Slope {
  const end = samples.at(-1)?.at ?? 0;
  const judged = samples.filter(({ at }) => at >= end * warmUpShare);
  const lows = lowPoints(judged);
  const perMinute = gradient(lows);
  const first = lows[0]?.memory ?? 0;
  const grown = perMinute * (end * (1 - warmUpShare));
  const isHigher = highest(judged, -endShare) > highest(judged, 1 - endShare);
  return {
    first,
    last: lows.at(-1)?.memory ?? 0,
    perMinute,
    flat: grown <= Math.max(first * 0.1, 16) || !isHigher,
  };
}

/** Of a share of the samples: those at the beginning, or at the end where it is negative. */
function highest(samples: readonly Sample[], share: number): number {
  const count = Math.round(samples.length * share);
  const part = count < 0 ? samples.slice(count) : samples.slice(0, count);
  return Math.max(...part.map(({ memory }) => memory));
}

function lowPoints(samples: readonly Sample[]): readonly Sample[] {
  const lows: Sample[] = [];
  for (let from = 0; from < samples.length; from += lowPointOf) {
    const group = samples.slice(from, from + lowPointOf);
    const low = group.toSorted((left, right) => left.memory - right.memory)[0];
    if (low !== undefined) lows.push(low);
  }
  return lows;
}

/** Of the line with the least squares; 0 for less than two points. */
function gradient(samples: readonly Sample[]): number {
  const count = samples.length;
  const meanAt = samples.reduce((sum, { at }) => sum + at, 0) / count;
  const mean = samples.reduce((sum, { memory }) => sum + memory, 0) / count;
  let above = 0;
  let below = 0;
  for (const { at, memory } of samples) {
    above += (at - meanAt) * (memory - mean);
    below += (at - meanAt) ** 2;
  }
  return below > 0 ? above / below : 0;
}
