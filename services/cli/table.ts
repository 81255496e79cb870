/** Paints a text; the width of a column is taken from the text without paint. */
export type Paint = (text: string) => string;

export type Cell = { readonly text: string; readonly paint?: Paint };

/** Stands where there is nothing to say. */
export const nothing: Cell = { text: '–' };

export function cell(text: string | number | null | undefined, paint?: Paint): Cell {
  if (text === null || text === undefined || text === '') return nothing;
  const plain = { text: printable(String(text)) };
  return paint === undefined ? plain : { ...plain, paint };
}

/** Columns with their heads, three spaces apart, without blanks at the end of a line. */
export function renderTable(heads: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const all = [heads.map((text): Cell => ({ text })), ...rows];
  const widths = heads.map((_, column) =>
    Math.max(...all.map((row) => widthOf(row[column]?.text ?? ''))),
  );
  return all.map((row) => `${renderRow(row, widths)}\n`).join('');
}

function renderRow(row: readonly Cell[], widths: readonly number[]): string {
  const cells = row.map(({ text, paint }, column) => {
    const isLast = column === row.length - 1;
    const blanks = isLast ? '' : ' '.repeat((widths[column] ?? 0) - widthOf(text) + 3);
    return `${paint === undefined ? text : paint(text)}${blanks}`;
  });
  return cells.join('');
}

/** Texts of the cluster may hold sequences that would steer the terminal; they are shown as ? */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, '?');
}

/** In code points: names, arrows and dashes take one place each. */
function widthOf(text: string): number {
  return Array.from(text).length;
}
