/** One measured thing. `met` is left out where the number only informs. */
export type Row = {
  readonly what: string;
  readonly value: string;
  readonly target?: { readonly words: string; readonly met: boolean };
};

/** A line to read among the rows. */
export function heading(what: string): Row {
  return { what, value: '' };
}

export function atLeast(value: number, target: number): NonNullable<Row['target']> {
  return { words: `at least ${target}`, met: value >= target };
}

export function atMost(value: number, target: number): NonNullable<Row['target']> {
  return { words: `at most ${target}`, met: value <= target };
}

/** The table, and one line that counts the targets. */
export function print(rows: readonly Row[]): void {
  const width = Math.max(...rows.map((row) => row.what.length));
  console.log('');
  for (const { what, value, target } of rows) {
    const aim = target && `   (target ${target.words}: ${target.met ? 'met' : 'MISSED'})`;
    console.log(value === '' ? what : `${what.padEnd(width)}  ${value.padStart(18)}${aim ?? ''}`);
  }
  const aimed = rows.filter(({ target }) => target !== undefined);
  const missed = aimed.filter(({ target }) => target?.met === false);
  const names = missed.map(({ what }) => what.trim()).join('; ');
  console.log(
    `\ntargets: ${aimed.length - missed.length} of ${aimed.length} met${names && `; missed: ${names}`}`,
  );
}

export type Quantiles = { readonly p50: number; readonly p99: number };

export function quantilesOf(values: readonly number[]): Quantiles {
  const sorted = values.toSorted((left, right) => left - right);
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99) };
}
