import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import { actorInWords } from '#shared/contract/actors.ts';
import type { EntryInBook } from '#shared/store/ask-book.ts';
import type { ActivityRow, AttributionRow, BookTables } from '#shared/store/tables.ts';
import { howInShort, whoIn } from './attribution-words.ts';
import type { Look } from './colors.ts';
import { bodyOf, changesIn, decidedIn, setIn } from './entry-line.ts';
import { changeIn, readHistory } from './history.ts';
import type { Answer } from './output.ts';
import { fieldOf, textAt } from './raw-fields.ts';
import type { Scope } from './scope.ts';
import { formatSet } from './set-reference.ts';
import { cell, renderTable } from './table.ts';
import { formatAge, formatTime } from './times.ts';
import { isWithinReach } from './within-reach.ts';

/* Everything that the book holds of a set, as one story: sizes, edits, decisions, members that come and go. */

export type StoryRow = {
  readonly entry: number;
  readonly at: Date;
  readonly namespace: string;
  readonly kind: string;
  readonly name: string;
  readonly operation: string;
  readonly change: string;
  readonly actor: string | null;
  readonly grade: string;
  readonly how: string;
  readonly outcome: string | null;
};

/** Commands that have no operation of their own to tell of them, as people say it when they are done. */
const deeds: Readonly<Record<string, string>> = {
  'adopt-member': 'adopted',
  'release-member': 'released',
  'restart-member': 'restarted',
  'update-vm': 'updated',
  'roll-back': 'rolled back',
  'retire-set': 'retired',
  'preserve-disk': 'disk kept',
};

/** The newest rows last. */
export async function readStory(
  db: Kysely<BookTables>,
  scope: Scope,
  limit: number,
): Promise<readonly StoryRow[]> {
  const operations = await readHistory(db, scope, limit);
  const entries = (await readEntries(db, scope, limit)).filter((entry) => isOf(scope, entry));
  const writers = await readWriters(db, entries);
  const rows = [
    ...operations.map(operationRow),
    ...entries.flatMap((one) => entryRow(one, writers)),
  ];
  return rows.toSorted((left, right) => left.entry - right.entry).slice(-limit);
}

async function readEntries(
  db: Kysely<BookTables>,
  { namespace, set }: Scope,
  limit: number,
): Promise<readonly EntryInBook[]> {
  const texts = [
    // As canonical JSON spells the set, whose keys stand in the order of the alphabet.
    ...(set === undefined
      ? []
      : [`"kind":${JSON.stringify(set.kind)},"name":${JSON.stringify(set.name)},"namespace":`]),
    ...(namespace === undefined ? [] : [`"namespace":${JSON.stringify(namespace)},"uid":`]),
  ];
  const found = texts.map((text) => sql`and position(${text} in body) > 0`);
  const { rows } = await sql<EntryInBook>`
    select sequence, at, kind, body from book.entries
    where kind in ('decided', 'held', 'settled', 'set-changed', 'member-joined', 'member-left')
      and (kind <> 'settled' or body ~ ${`"verb":"(${Object.keys(deeds).join('|')})"`})
      ${sql.join(found, sql` `)}
      and ${isWithinReach()}
    order by sequence desc limit ${limit}`.execute(db);
  return rows;
}

function isOf({ namespace, set }: Scope, entry: EntryInBook): boolean {
  const about = setIn(bodyOf(entry));
  if (about === undefined) return false;
  if (namespace !== undefined && about.namespace !== namespace) return false;
  return set === undefined || (about.kind === set.kind && about.name === set.name);
}

type Writers = ReadonlyMap<string, readonly AttributionRow[]>;

/** What sources said of the edits among the entries. */
async function readWriters(
  db: Kysely<BookTables>,
  entries: readonly EntryInBook[],
): Promise<Writers> {
  const writes = entries.flatMap((entry) => textAt(bodyOf(entry), 'write') ?? []);
  if (writes.length === 0) return new Map();
  const rows = await db
    .selectFrom('book.attributions')
    .selectAll()
    .where('write', 'in', writes)
    .where('verb', 'in', ['update', 'patch'])
    .where('subresource', 'is', null)
    .orderBy('received_at')
    .execute();
  return Map.groupBy(rows, ({ write }) => write);
}

function operationRow(row: ActivityRow): StoryRow {
  const { id, at, namespace, set_kind: kind, set_name: name, actor, grade, how } = row;
  return {
    ...{ entry: id, at, namespace, kind, name, actor, grade, how },
    operation: row.operation.replace('-', ' '),
    change: changeIn(row),
    outcome: row.reason === null ? row.outcome : `${row.outcome}: ${row.reason}`,
  };
}

function entryRow(entry: EntryInBook, writers: Writers): readonly StoryRow[] {
  const body = bodyOf(entry);
  const set = setIn(body);
  const told = set === undefined ? undefined : tellingOf(entry.kind, body, writers);
  return set === undefined || told === undefined
    ? []
    : [{ entry: entry.sequence, at: entry.at, ...set, ...told }];
}

type Telling = Pick<StoryRow, 'operation' | 'change' | 'actor' | 'grade' | 'how' | 'outcome'>;

function tellingOf(kind: string, body: unknown, writers: Writers): Telling | undefined {
  switch (kind) {
    case 'set-changed': {
      const by = editorOf(body, writers.get(textAt(body, 'write') ?? '') ?? []);
      return { operation: 'changed', change: changesIn(body), outcome: null, ...by };
    }
    case 'member-joined':
    case 'member-left': {
      const change = textAt(body, 'member', 'name') ?? '?';
      return { operation: kind.replace('-', ' '), change, outcome: null, ...nobody };
    }
    case 'decided': {
      const operation = textAt(body, 'mode') === 'advise' ? 'advised' : 'decided';
      return { operation, change: decidedIn(body), outcome: null, ...ours('decision') };
    }
    case 'held': {
      const reason = textAt(body, 'reason');
      const change = [reason, textAt(body, 'because')].filter((text) => text !== undefined);
      const operation = reason === undefined ? 'hold over' : 'held';
      return { operation, change: change.join(': '), outcome: null, ...ours('decision') };
    }
    case 'settled': {
      const operation = deeds[textAt(body, 'verb') ?? ''];
      if (operation === undefined) return undefined;
      const reason = textAt(body, 'reason');
      const outcome = `${textAt(body, 'outcome') ?? '?'}${reason === undefined ? '' : `: ${reason}`}`;
      return { operation, change: textAt(body, 'name') ?? '', outcome, ...ours('command') };
    }
    default:
      return undefined;
  }
}

type By = Pick<StoryRow, 'actor' | 'grade' | 'how'>;

const nobody: By = { actor: null, grade: 'unknown', how: 'no source tells who did it' };

function ours(what: string): By {
  return { actor: 'rollcall', grade: 'proven', how: `our own ${what}` };
}

/**
 * Who edited a set is never proven: the version is that of a request by them, but nothing tells that
 * this request changed the setting.
 */
function editorOf(body: unknown, told: readonly AttributionRow[]): By {
  const [first] = told;
  if (first === undefined) return nobody;
  const spoken = first.impersonator === null ? '' : `, impersonated by ${first.impersonator}`;
  const how = `${first.source}: ${first.verb}${spoken}`;
  const others = new Set(told.map(({ actor }) => actor)).size > 1;
  if (others) {
    return { actor: first.actor, grade: 'inferred', how: `${how}, unless it was another` };
  }
  if (fieldOf(body, 'gap') === true) {
    return { actor: first.actor, grade: 'inferred', how: `${how}, other versions were missed` };
  }
  return { actor: first.actor, grade: 'corroborated', how };
}

/** One row, as programs read it; the shape is kept from version to version. */
function storyRecord({ kind, name, ...row }: StoryRow): object {
  const who = row.actor === null ? null : actorInWords(row.actor);
  return { ...row, set: formatSet(kind, name), kind, name, who };
}

export function storyAnswer(
  rows: readonly StoryRow[],
  { now }: Look,
  isAllNamespaces: boolean,
): Answer {
  const heads = ['SET', 'OPERATION', 'CHANGE', 'BY', 'HOW', 'OUTCOME'];
  const render = (time: (at: Date) => string, how: (row: StoryRow) => string): string =>
    renderTable(
      [...(isAllNamespaces ? ['NAMESPACE'] : []), 'WHEN', ...heads],
      rows.map((row) => [
        ...(isAllNamespaces ? [cell(row.namespace)] : []),
        cell(time(row.at)),
        cell(formatSet(row.kind, row.name)),
        ...[cell(row.operation), cell(row.change)],
        cell(whoIn(row)),
        ...[cell(how(row)), cell(row.outcome)],
      ]),
    );
  return {
    records: rows.map(storyRecord),
    table: () => render((at) => `${formatAge(now.getTime() - at.getTime())} ago`, howInShort),
    wide: () => render(formatTime, ({ how }) => how),
  };
}
