import { isRecord } from '#shared/lib/canonical.ts';

type Step =
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'index'; readonly at: number }
  | { readonly kind: 'every' }
  | { readonly kind: 'where'; readonly path: readonly Step[]; readonly equals: string };

/**
 * The part of kubectl's JSONPath that printer columns use: `.a.b`, `['a.b']`, `.a\.b`, `[0]`, `[*]` and
 * `[?(@.type=="Ready")]`. Returns a function from an object to what is found, in order. A path that
 * does not parse finds nothing.
 */
export function jsonPath(text: string): (root: unknown) => readonly unknown[] {
  const steps = parse(text);
  if (steps === undefined) return () => [];
  return (root) => walk([root], steps);
}

function walk(found: readonly unknown[], steps: readonly Step[]): readonly unknown[] {
  return steps.reduce<readonly unknown[]>((nodes, step) => nodes.flatMap(follower(step)), found);
}

function follower(step: Step): (node: unknown) => readonly unknown[] {
  switch (step.kind) {
    case 'field':
      return (node) => {
        const value = isRecord(node) ? node[step.name] : undefined;
        return value === undefined ? [] : [value];
      };
    case 'index':
      return (node) => {
        const value: unknown = Array.isArray(node) ? node.at(step.at) : undefined;
        return value === undefined ? [] : [value];
      };
    case 'every':
      return (node) => childrenOf(node);
    case 'where':
      return (node) =>
        childrenOf(node).filter((child) =>
          walk([child], step.path).some((value) => String(value) === step.equals),
        );
  }
}

function childrenOf(node: unknown): readonly unknown[] {
  if (Array.isArray(node)) return node;
  return isRecord(node) ? Object.values(node) : [];
}

const filter =
  /^\?\(\s*@(?<path>[^=!<>]*?)\s*==\s*(?:"(?<double>[^"]*)"|'(?<single>[^']*)'|(?<bare>[^)'"]+?))\s*\)$/;
const token =
  /\.(?<name>(?:\\.|[^.[\]\\])+)|\[(?<filter>\?\([^\]]*\))\]|\[(?:'(?<single>[^']*)'|"(?<double>[^"]*)")\]|\[(?<index>-?\d+)\]|(?<every>\[\*\]|\.\*)/y;

function parse(text: string): readonly Step[] | undefined {
  const steps: Step[] = [];
  token.lastIndex = 0;
  let at = 0;
  while (at < text.length) {
    token.lastIndex = at;
    const match = token.exec(text);
    const step = match === null ? undefined : stepOf(match.groups ?? {});
    if (step === undefined) return undefined;
    steps.push(step);
    at = token.lastIndex;
  }
  return steps;
}

function stepOf(groups: Readonly<Record<string, string | undefined>>): Step | undefined {
  const { name, filter: condition, single, double, index } = groups;
  if (name === '*') return { kind: 'every' };
  if (name !== undefined) return { kind: 'field', name: name.replaceAll(/\\(.)/g, '$1') };
  if (single !== undefined) return { kind: 'field', name: single };
  if (double !== undefined) return { kind: 'field', name: double };
  if (index !== undefined) return { kind: 'index', at: Number(index) };
  if (condition !== undefined) return whereOf(condition);
  return { kind: 'every' };
}

function whereOf(condition: string): Step | undefined {
  const groups = filter.exec(condition)?.groups;
  if (groups === undefined) return undefined;
  const resume = token.lastIndex;
  const path = parse(groups['path'] ?? '');
  token.lastIndex = resume;
  const equals = groups['double'] ?? groups['single'] ?? groups['bare'] ?? '';
  return path === undefined ? undefined : { kind: 'where', path, equals };
}
