import type { LogRecord } from '#shared/contract/records.ts';
import type { History } from './history.ts';

/** What the log says that people would want to read; facts are too many. */
export function noteRecord(history: History, record: LogRecord): void {
  switch (record.type) {
    case 'decided': {
      const { epoch, plan, set, because, commands, withdraws } = record;
      const verbs = commands.map(({ verb }) => verb).join(' ');
      const calledBack = withdraws === undefined ? '' : ` withdraws ${withdraws.length}`;
      history.note(`decided ${epoch}.${plan} ${set.name}: ${because} [${verbs}]${calledBack}`);
      return;
    }
    case 'held':
      history.note(`held ${record.set.name}: ${record.reason ?? 'no longer'}`);
      return;
    case 'settled': {
      const { effect, verb, name, outcome, reason = '' } = record;
      history.note(`settled ${effect} ${verb} ${name}: ${outcome} ${reason}`);
      return;
    }
    case 'opened':
    case 'observed':
    case 'vanished':
    case 'survey-began':
    case 'surveyed':
    case 'rewound':
    case 'attributed':
      return;
  }
}
