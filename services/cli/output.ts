import { stringify } from 'yaml';
import { unreachable } from '#shared/lib/assert.ts';

export const formats = ['table', 'wide', 'json', 'yaml'] as const;
export type Format = (typeof formats)[number];

/** One answer in each of its forms; `records` are what a program reads. */
export type Answer = {
  readonly records: unknown;
  readonly table: () => string;
  readonly wide: () => string;
};

export function renderAnswer(answer: Answer, format: Format): string {
  switch (format) {
    case 'table':
      return answer.table();
    case 'wide':
      return answer.wide();
    case 'json':
      return `${JSON.stringify(answer.records, null, 2)}\n`;
    case 'yaml':
      return stringify(answer.records);
    default:
      return unreachable(format);
  }
}
