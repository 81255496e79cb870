import { HttpProblem } from './problem.ts';

/**
 * Where a page ended, as text that callers only hand back. It names the list that it is of, so that one
 * of another list is refused instead of giving a page from anywhere.
 */
export function writeCursor(list: string, place: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify([list, ...place])).toString('base64url');
}

/** The place in a cursor of this list, with as many parts as it has; a 400 for any other text. */
export function readCursor(
  list: string,
  cursor: string,
  shape: readonly ('string' | 'number')[],
): readonly (string | number)[] {
  const [named, ...place] = decode(cursor);
  const fits =
    named === list &&
    place.length === shape.length &&
    place.every((part, index) => typeof part === shape[index]);
  if (fits) return place.filter((part) => typeof part === 'string' || typeof part === 'number');
  throw new HttpProblem(400, 'The cursor is not one that this list has given.', {
    errors: [{ field: 'cursor', message: 'is not one that this list has given' }],
  });
}

function decode(cursor: string): readonly unknown[] {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    return Array.isArray(parsed) ? parsed : [];
  } catch {
    return []; // Not a text that was ever given out.
  }
}
