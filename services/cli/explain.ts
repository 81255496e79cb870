import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import { isRecord } from '#shared/lib/canonical.ts';
import type { EntryInBook } from '#shared/store/ask-book.ts';
import type { BookTables, SetRow } from '#shared/store/tables.ts';
import type { Look } from './colors.ts';
import { bodyOf, entryLine } from './entry-line.ts';
import type { Answer } from './output.ts';
import { fieldOf, listAt, numberAt, textAt } from './raw-fields.ts';
import { formatSet } from './set-reference.ts';
import { formatAge } from './times.ts';
import { isWithinReach } from './within-reach.ts';

/** The newest decisions and holds of one set, the newest last. */
export async function readDecisions(
  db: Kysely<BookTables>,
  setUid: string,
  limit: number,
): Promise<readonly EntryInBook[]> {
  const { rows } = await sql<EntryInBook>`
    select sequence, at, kind, body from book.entries
    where kind in ('decided', 'held') and position(${JSON.stringify(setUid)} in body) > 0
      and ${isWithinReach()}
    order by sequence desc limit ${limit}`.execute(db);
  return rows.toReversed();
}

export function explainAnswer(set: SetRow, entries: readonly EntryInBook[], look: Look): Answer {
  const text = (): string => [...standing(set, look), ...lastDecision(entries, look)].join('');
  return {
    records: {
      set: formatSet(set.set_kind, set.set_name),
      namespace: set.namespace,
      uid: set.set_uid,
      wanted: set.wanted ?? 1,
      members: set.members,
      active: set.active,
      held:
        set.hold_reason === null ? null : { reason: set.hold_reason, because: set.hold_because },
      decisions: entries.map((entry) => ({
        entry: entry.sequence,
        at: entry.at,
        kind: entry.kind,
        body: bodyOf(entry),
      })),
    },
    table: text,
    wide: text,
  };
}

function standing(set: SetRow, { now, colors }: Look): readonly string[] {
  const name = `${set.namespace} ${formatSet(set.set_kind, set.set_name)}`;
  const wants = `wants ${set.wanted ?? 1}, has ${set.members} members, ${set.active} of them active`;
  const leaving = set.deleting ? ', and is being deleted' : '';
  if (set.hold_reason === null) return [`${name} ${wants}${leaving}.\n`];
  const since = set.held_since === null ? 0 : now.getTime() - set.held_since.getTime();
  return [
    `${name} ${wants}${leaving}.\n`,
    `${colors.red('held')} for ${formatAge(since)}, ${set.hold_reason}: ${set.hold_because ?? ''}\n`,
  ];
}

function lastDecision(entries: readonly EntryInBook[], { colors }: Look): readonly string[] {
  if (entries.length === 0) return ['No decision about it is found.\n'];
  const bodies = entries.filter(({ kind }) => kind === 'decided').map(bodyOf);
  const last = bodies.findLast(hasCandidates) ?? bodies.at(-1);
  return [
    '\nDecisions and holds, the newest last:\n',
    ...entries.map((entry) => `  ${entryLine(entry, colors)}`),
    ...(last === undefined ? [] : weighed(last)),
  ];
}

function hasCandidates(body: unknown): boolean {
  return listAt(body, 'candidates').length > 0;
}

/** As a person would count: what is wanted, what is there, what is on its way. */
const counts = ['desired', 'active', 'ready', 'creating', 'deleting', 'terminating', 'surplus'];

/** What a decision weighed: the sizes, who was chosen, who comes next, who was passed over. */
function weighed(body: unknown): readonly string[] {
  const sizes = counts.map((name) => `${name} ${numberAt(body, 'balance', name) ?? '?'}`);
  const candidates = listAt(body, 'candidates');
  const names = (chosen: boolean): string =>
    candidates
      .filter((one) => (fieldOf(one, 'chosen') === true) === chosen)
      .map((one) => {
        const veto = textAt(one, 'veto');
        return `${textAt(one, 'name') ?? '?'}${veto === undefined ? '' : ` (${veto})`}`;
      })
      .join(', ');
  const vetoes = fieldOf(body, 'vetoes');
  const passed = isRecord(vetoes)
    ? Object.entries(vetoes).map(([why, count]) => `${String(count)} ${why}`)
    : [];
  return [
    `\n"${textAt(body, 'because') ?? '?'}" weighed ${sizes.join(', ')}\n`,
    ...(names(true) === '' ? [] : [`  chosen: ${names(true)}\n`]),
    ...(names(false) === '' ? [] : [`  next: ${names(false)}\n`]),
    ...(passed.length === 0 ? [] : [`  passed over: ${passed.join(', ')}\n`]),
  ];
}
