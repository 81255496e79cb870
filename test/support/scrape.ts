/** One line of Prometheus' text format. */
export type Sample = {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
};

export type Scrape = {
  /** Every metric that is declared, with or without samples, and its type. */
  readonly types: ReadonlyMap<string, string>;
  readonly samples: readonly Sample[];
  /** All samples of a name that bear these labels, added up; undefined where there is none. */
  sum(name: string, labels?: Readonly<Record<string, string>>): number | undefined;
};

export function readScrape(text: string): Scrape {
  const types = new Map<string, string>();
  const samples: Sample[] = [];
  for (const line of text.split('\n')) {
    const [, declared, type] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? [];
    if (declared !== undefined) types.set(declared, type ?? '');
    const [, name, labels, value] = /^([a-z_:][\w:]*)(?:\{(.*)\})? (\S+)$/i.exec(line) ?? [];
    if (name !== undefined) samples.push({ name, labels: labelsIn(labels), value: Number(value) });
  }
  return {
    types,
    samples,
    sum(name, wanted = {}) {
      const found = samples.filter(
        (sample) =>
          sample.name === name &&
          Object.entries(wanted).every(([label, value]) => sample.labels[label] === value),
      );
      return found.length === 0 ? undefined : found.reduce((sum, { value }) => sum + value, 0);
    },
  };
}

function labelsIn(text = ''): Record<string, string> {
  const pairs = [...text.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)];
  return Object.fromEntries(pairs.map(([, label = '', value = '']) => [label, value]));
}
