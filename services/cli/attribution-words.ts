import { actorInWords } from '#shared/contract/actors.ts';

/* Who did something and how that is known, in the words of a table. */

type Told = { readonly actor: string | null; readonly grade: string; readonly how: string };

/** `alice (proven)`; nobody's name comes without saying how sure it is. */
export function whoIn({ actor, grade }: Omit<Told, 'how'>): string {
  return actor === null ? grade : `${actorInWords(actor)} (${grade})`;
}

/** The source and the way, without the name that stands beside it: `managedFields (scale)`, `audit: scale`. */
export function howInShort({ actor, how }: Omit<Told, 'grade'>): string {
  const source = /^([\w ]+): /.exec(how)?.[1];
  if (source === undefined) return actor === null ? '–' : how;
  const way = how.slice(source.length + 2);
  if (actor === null || !way.startsWith(actor)) return how;
  return `${source}${way.slice(actor.length)}`;
}
