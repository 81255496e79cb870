import type { VirtualTime } from './virtual-time.ts';

/** What happened, for people, and how often, for the question whether a run has seen everything. */
export interface History {
  note(text: string): void;
  count(what: string): void;
  readonly lines: readonly string[];
  readonly counts: ReadonlyMap<string, number>;
}

export function createHistory(time: Pick<VirtualTime, 'elapsed'>): History {
  const lines: string[] = [];
  const counts = new Map<string, number>();
  return {
    lines,
    counts,
    note: (text) => void lines.push(`${(time.elapsed() / 1000).toFixed(3).padStart(9)} ${text}`),
    count: (what) => void counts.set(what, (counts.get(what) ?? 0) + 1),
  };
}
