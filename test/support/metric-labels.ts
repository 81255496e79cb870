import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const repo = fileURLToPath(new URL('../..', import.meta.url));

/** Told with every sample: by Prometheus, by the service, and by the buckets of a histogram. */
const everywhere = ['instance', 'job', 'component', 'le'];

/** The labels of each metric of ours, out of the sources that make it. */
export function labelsOfMetrics(): ReadonlyMap<string, readonly string[]> {
  // Out of prom-client's own.
  const found = new Map<string, readonly string[]>([['nodejs_gc_duration_seconds', ['kind']]]);
  for (const source of sources()) {
    const parts = spelledOut(source)
      .split(/(?=\bname: 'rollcall_)/)
      .slice(1);
    for (const part of parts) {
      const [, name = ''] = /^name: '(\w+)'/.exec(part) ?? [];
      const list = /\blabels: \[([^\]]*)\]/.exec(part)?.[1] ?? '';
      const one = /\blabel: ('\w+')/.exec(part)?.[1] ?? '';
      found.set(
        name,
        [...`${list} ${one}`.matchAll(/'(\w+)'/g)].map(([, label = '']) => label),
      );
    }
  }
  return found;
}

/** A label that several metrics of a file share stands beside them, as `...told`. */
function spelledOut(source: string): string {
  const shared = /const told = \{ label: ('\w+') \}/.exec(source)?.[1];
  if (shared === undefined) return source;
  return source.replaceAll(/\.\.\.told,\s*(name: '\w+',)/g, `$1 label: ${shared},`);
}

function sources(): readonly string[] {
  return ['services', 'shared'].flatMap((top) =>
    readdirSync(join(repo, top), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
      .map((path) => readFileSync(join(repo, top, path), 'utf8')),
  );
}

/**
 * Labels that a question to Prometheus names and its metrics do not have, `shown` included: what is
 * written of each answer, as `{{kind}}` in a legend.
 */
export function strangeLabelsIn(
  question: string,
  {
    known,
    shown = [],
  }: {
    readonly known: ReadonlyMap<string, readonly string[]>;
    readonly shown?: readonly string[];
  },
): readonly string[] {
  const labelsOf = (metric: string): readonly string[] => {
    const plain = metric.replace(/_(bucket|sum|count)$/, '');
    return [...(known.get(metric) ?? known.get(plain) ?? []), ...everywhere];
  };
  const metrics = [...question.matchAll(/\b((?:rollcall|process|nodejs)_\w+)(?:\{([^}]*)\})?/g)];
  const chosen = metrics.flatMap(([, metric = '', matchers = '']) =>
    [...matchers.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)]
      .map(([, label = '']) => label)
      .filter((label) => !labelsOf(metric).includes(label)),
  );
  const all = new Set(metrics.flatMap(([, metric = '']) => labelsOf(metric)));
  const grouped = [...question.matchAll(/\b(?:by|on|without|ignoring) \(([^)]*)\)/g)].flatMap(
    ([, list = '']) => list.split(',').map((label) => label.trim()),
  );
  const others = [...grouped, ...shown].filter((label) => label !== '' && !all.has(label));
  return [...chosen, ...others];
}
