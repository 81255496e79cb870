import { unreachable } from '#shared/lib/assert.ts';
import type { Colors, Look } from '../colors.ts';
import type { Answer } from '../output.ts';
import { cell, renderTable } from '../table.ts';
import type { Paint } from '../table.ts';
import type { Finding } from './examination.ts';
import type { Judged } from './judge-all.ts';

/** What was found, what is fine included; what to do stands behind it. */
export function doctorAnswer(findings: readonly Judged[], { colors }: Look): Answer {
  const table = (): string =>
    renderTable(
      ['RESULT', 'CHECK', 'ABOUT', 'FOUND', 'WHAT TO DO'],
      findings.map(({ level, check, about, found, remedy }) => [
        cell(level, paintOf(level, colors)),
        cell(check),
        cell(about),
        cell(found),
        cell(remedy),
      ]),
    );
  return {
    records: findings.map(({ level, check, about, found, remedy }) => ({
      level,
      check,
      about: about ?? null,
      found,
      remedy: remedy ?? null,
    })),
    table,
    wide: table,
  };
}

function paintOf(level: Finding['level'], colors: Colors): Paint {
  switch (level) {
    case 'ok':
      return colors.green;
    case 'warn':
      return colors.yellow;
    case 'fail':
      return colors.red;
    default:
      return unreachable(level);
  }
}
