const levels = '▁▂▃▄▅▆▇█';
const columns = 40;

/** A course in one line of text: each column the lowest value of its stretch, the top the highest of all. */
export function sparkline(values: readonly number[]): string {
  const stretch = Math.max(1, Math.ceil(values.length / columns));
  const lows: number[] = [];
  for (let from = 0; from < values.length; from += stretch) {
    lows.push(Math.min(...values.slice(from, from + stretch)));
  }
  const top = Math.max(...lows);
  const level = (value: number) => Math.min(levels.length - 1, Math.floor((value / top) * 8));
  return lows.map((value) => levels.charAt(level(value))).join('');
}
