import { readFileSync } from 'node:fs';

export type NatsGrants = {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
};

/** What deploy/nats grants, by user; the form of the file is our own, so that no parser is needed. */
export function natsGrants(): ReadonlyMap<string, NatsGrants> {
  const text = readFileSync(new URL('../../deploy/nats/nats.conf', import.meta.url), 'utf8');
  const blocks = text.split(/^ {4}\{$/m).slice(1);
  return new Map(
    blocks.map((block) => [
      /user: (\w+)/.exec(block)?.[1] ?? '',
      { publish: subjectsIn(block, 'publish'), subscribe: subjectsIn(block, 'subscribe') },
    ]),
  );
}

function subjectsIn(block: string, direction: keyof NatsGrants): readonly string[] {
  const list = new RegExp(`${direction}: \\[([^\\]]*)\\]`).exec(block)?.[1] ?? '';
  return [...list.matchAll(/"([^"]+)"/g)].map(([, subject = '']) => subject);
}

/** Whether a subject, which may hold wildcards itself, lies within a granted one. */
export function covers(granted: string, subject: string): boolean {
  const wanted = subject.split('.');
  const tokens = granted.split('.');
  for (const [place, token] of tokens.entries()) {
    if (token === '>') return wanted.length > place;
    const asked = wanted[place];
    if (asked === undefined || asked === '>' || (token !== '*' && token !== asked)) return false;
  }
  return wanted.length === tokens.length;
}
