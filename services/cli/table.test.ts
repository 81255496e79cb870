import { expect, test } from 'vitest';
import { cell, renderTable } from './table.ts';

test('columns are as wide as their widest text, and no line ends with blanks', () => {
  const rows = [
    [cell('web'), cell(3)],
    [cell('a-long-name'), cell(null)],
  ];
  expect(renderTable(['NAME', 'SIZE'], rows)).toBe(
    ['NAME          SIZE', 'web           3', 'a-long-name   –', ''].join('\n'),
  );
});

test('paint does not count towards the width', () => {
  const red = (text: string): string => `\u001b[31m${text}\u001b[39m`;
  const table = renderTable(['A', 'B'], [[cell('x', red), cell('y')]]);
  expect(table).toBe('A   B\n\u001b[31mx\u001b[39m   y\n');
});

test('texts of the cluster cannot steer the terminal', () => {
  expect(cell('a\u001b[2Jb\nc\u202e').text).toBe('a?[2Jb?c?');
});
