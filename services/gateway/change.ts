import type { Change } from '#shared/contract/api.ts';
import type { SetKind } from '#shared/contract/kinds.ts';
import { isRecord } from '#shared/lib/canonical.ts';
import type { EntryInBook } from '#shared/store/ask-book.ts';

export type ChangeScope = {
  readonly namespace?: string | undefined;
  readonly kind?: SetKind | undefined;
  readonly name?: string | undefined;
};

/** An entry of the book as a change for readers. */
export function changeFrom({ sequence, at, kind, body }: EntryInBook): Change {
  const parsed: unknown = JSON.parse(body);
  return { entry: sequence, at: at.toISOString(), kind, body: isRecord(parsed) ? parsed : {} };
}

/**
 * Whether a change is about what a reader asked for, and so may see. What names no namespace, such as a
 * take-over, is only for those who see all of them.
 */
export function concerns({ body }: Change, { namespace, kind, name }: ChangeScope): boolean {
  const about = [body['set'], body['object'], body].find(
    (place) => isRecord(place) && typeof place['namespace'] === 'string',
  );
  const fields = isRecord(about) ? about : {};
  return (
    (namespace === undefined || fields['namespace'] === namespace) &&
    (kind === undefined || fields['kind'] === kind) &&
    (name === undefined || fields['name'] === name)
  );
}

/** One server-sent event; JSON has no line breaks of its own. */
export function eventText(change: Change): string {
  return `id: ${change.entry}\nevent: ${change.kind}\ndata: ${JSON.stringify(change)}\n\n`;
}
