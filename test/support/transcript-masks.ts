import { isRecord } from '#shared/lib/canonical.ts';

/**
 * The values of our own run that stand where a transcript has masks. A mask that comes again must stand
 * for the same value again; resourceVersions and times must keep their order.
 */
export interface Masks {
  /** What differs between a recorded and an actual value, as sentences; empty where nothing does. */
  differences(recorded: unknown, actual: unknown, options?: CompareOptions): readonly string[];
  /** A recorded text or body with our own values in place of its masks. */
  fill(recorded: unknown): unknown;
}

export type CompareOptions = {
  /** Paths (by pattern) that are not compared. */
  readonly ignore?: readonly RegExp[];
};

type Difference = { readonly path: string; readonly text: string };

const mask =
  /<(?<kind>uid|rv|time|rand):(?<number>\d+)>|(?<port>127\.0\.0\.1:<port>)|(?<temporary><tmp(?:file)?>)/g;

const shapes: Readonly<Record<string, string>> = {
  uid: '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}',
  rv: String.raw`\d+`,
  time: String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z`,
  rand: '[a-z0-9]+',
};

/** For a time that the recording client made up. */
const someTime = '2026-11-21T03:00:00Z';

const age = /^(?:<invalid>|(?:\d+[ydhms]){1,2})$/;

export function createMasks(): Masks {
  const bound = new Map<string, string>();

  const compareText = (recorded: string, actual: unknown, path: string): readonly Difference[] => {
    const differs = { path, text: `${JSON.stringify(recorded)} became ${JSON.stringify(actual)}` };
    if (recorded === actual) return [];
    if (typeof actual !== 'string') return [differs];
    if (path.includes('.cells[') && age.test(recorded) && age.test(actual)) return [];
    const names: string[] = [];
    const pattern = patternOf(recorded, names);
    const match = new RegExp(`^${pattern}$`, 's').exec(actual);
    if (match === null) return [differs];
    return names.flatMap((name, index) => bind(name, match[index + 1] ?? '', path));
  };

  const bind = (name: string, value: string, path: string): readonly Difference[] => {
    const [kind = '', number = ''] = name.split(':');
    const before = bound.get(name);
    if (before !== undefined && before !== value) {
      return [{ path, text: `<${name}> was ${before} and is now ${value}` }];
    }
    bound.set(name, value);
    const disorder = kind === 'rv' ? disorderOf(Number(number), Number(value)) : undefined;
    return disorder === undefined ? [] : [{ path, text: disorder }];
  };

  const disorderOf = (number: number, value: number): string | undefined => {
    for (const [name, text] of bound) {
      if (!name.startsWith('rv:')) continue;
      const other = Number(name.slice(3));
      // Others wrote in the recorded cluster, so that two of its versions may be one of ours.
      const wrong = other < number ? Number(text) > value : other > number && Number(text) < value;
      if (wrong) return `<rv:${number}> is ${value}, out of order with <${name}> at ${text}`;
    }
    return undefined;
  };

  const compare = (
    recorded: unknown,
    actual: unknown,
    at: { readonly path: string; readonly ignore: readonly RegExp[] },
  ): readonly Difference[] => {
    const { path, ignore } = at;
    if (ignore.some((pattern) => pattern.test(path))) return [];
    if (typeof recorded === 'string') return compareText(recorded, actual, path);
    if (Array.isArray(recorded) && Array.isArray(actual)) {
      if (recorded.length !== actual.length) {
        return [{ path, text: `has ${actual.length} items, not ${recorded.length}` }];
      }
      return recorded.flatMap((item: unknown, index) =>
        compare(item, actual[index], { path: `${path}[${index}]`, ignore }),
      );
    }
    if (isRecord(recorded) && isRecord(actual)) {
      const keys = new Set([...Object.keys(recorded), ...Object.keys(actual)]);
      keys.delete('_trimmed');
      return [...keys].flatMap((key) =>
        compare(recorded[key], actual[key], { path: `${path}.${key}`, ignore }),
      );
    }
    if (JSON.stringify(recorded) === JSON.stringify(actual)) return [];
    return [{ path, text: `${JSON.stringify(recorded)} became ${JSON.stringify(actual)}` }];
  };

  const fillText = (text: string): string =>
    text.replaceAll(mask, (whole, ...rest) => {
      const groups: unknown = rest.at(-1);
      if (!isRecord(groups) || groups['kind'] === undefined) return whole;
      const name = `${String(groups['kind'])}:${String(groups['number'])}`;
      const value = bound.get(name) ?? (groups['kind'] === 'time' ? someTime : undefined);
      if (value !== undefined) bound.set(name, value);
      if (value === undefined) throw new Error(`nothing stands for <${name}> yet in ${text}`);
      return value;
    });

  const fill = (recorded: unknown): unknown => {
    if (typeof recorded === 'string') return fillText(recorded);
    if (Array.isArray(recorded)) return recorded.map(fill);
    if (!isRecord(recorded)) return recorded;
    return Object.fromEntries(Object.entries(recorded).map(([key, value]) => [key, fill(value)]));
  };

  return {
    differences: (recorded, actual, { ignore = [] } = {}) =>
      compare(recorded, actual, { path: '', ignore }).map(({ path, text }) => `${path}: ${text}`),
    fill,
  };
}

/** A pattern that matches texts of the same form, with one group for each mask in `names`. */
function patternOf(recorded: string, names: string[]): string {
  let pattern = '';
  let at = 0;
  for (const match of recorded.matchAll(mask)) {
    pattern += escaped(recorded.slice(at, match.index));
    const { kind, number, port } = match.groups ?? {};
    if (kind === undefined) {
      pattern += port === undefined ? '.*?' : String.raw`127\.0\.0\.1:\d+`;
    } else {
      names.push(`${kind}:${number}`);
      pattern += `(${shapes[kind] ?? '.*?'})`;
    }
    at = match.index + match[0].length;
  }
  return pattern + escaped(recorded.slice(at));
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
}
