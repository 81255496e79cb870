import type { Bounds } from '#shared/stream/log.ts';
import type { BookStanding } from './book-standing.ts';
import type { Colors, Look } from './colors.ts';
import type { Answer } from './output.ts';
import { brokerRecord, serviceRows } from './lease-rows.ts';
import type { BrokerStanding } from './lease-rows.ts';
import { formatSet } from './set-reference.ts';
import { cell, renderTable } from './table.ts';
import type { Cell } from './table.ts';
import { formatAge, formatTime } from './times.ts';

/** What the log says of itself; `problem` when it cannot be asked. */
export type LogStanding =
  | {
      readonly reached: true;
      readonly lineage: string;
      readonly bounds: Bounds;
      /** What only the broker itself tells; absent where it was not asked. */
      readonly broker?: BrokerStanding;
    }
  | { readonly reached: false; readonly problem: string };

/** What runs, how far the book is, and what stands still, in words and as programs read it. */
export function statusAnswer(
  { book, log }: { readonly book: BookStanding; readonly log: LogStanding },
  look: Look,
): Answer {
  const render = (isWide: boolean) => (): string =>
    [
      renderTable(
        ['PART', 'STATE', 'DETAIL'],
        [
          recorderRow(book, log, look),
          bookRow(book),
          logRow(log, look.colors),
          reconcilerRow(book, look),
          ...(log.reached && log.broker !== undefined
            ? serviceRows({ broker: log.broker, last: log.bounds.last, book }, look)
            : []),
          setsRow(book, look.colors),
          ...quarantineRows(book, look),
        ].map(([part, state, detail]) => [cell(part), state, cell(detail)]),
      ),
      heldTable(book, look),
      quarantineTable(book, look),
      ...(isWide ? [takeOverTable(book)] : []),
    ]
      .filter((part) => part !== '')
      .join('\n');
  return { records: statusRecord(book, log), table: render(false), wide: render(true) };
}

/** As programs read it. */
function statusRecord(book: BookStanding, log: LogStanding): object {
  const { standing } = book;
  return {
    recorder: {
      lineage: standing?.lineage ?? null,
      sequence: standing?.sequence ?? 0,
      lag: lagOf(book, log) ?? null,
      lastRecordAt: standing?.at ?? null,
      writtenAt: standing?.updated_at ?? null,
    },
    log: log.reached
      ? { reached: true, lineage: log.lineage, ...log.bounds, ...brokerRecord(log.broker) }
      : { reached: false, problem: log.problem },
    book: {
      entries: standing?.chain_sequence ?? 0,
      head: standing?.chain_hash ?? null,
      beganAt: standing?.began_at ?? null,
      brokenLineages: standing?.turn ?? 0,
    },
    sets: book.sets,
    held: book.holds.map((hold) => ({
      namespace: hold.namespace,
      set: formatSet(hold.set_kind, hold.set_name),
      reason: hold.reason,
      because: hold.because,
      since: hold.since,
    })),
    takeOvers: book.takeOvers.map(({ code_version: codeVersion, ...takeOver }) => ({
      ...takeOver,
      codeVersion,
    })),
    quarantined: book.quarantined.map(({ stream_sequence: sequence, part: _part, ...poison }) => ({
      sequence,
      ...poison,
    })),
    blocked: book.blocked,
  };
}

type Row = readonly [string, Cell, string];

function recorderRow(book: BookStanding, log: LogStanding, { now, colors }: Look): Row {
  const { standing } = book;
  if (standing === undefined) return ['recorder', cell('nothing yet', colors.yellow), ''];
  const lag = lagOf(book, log);
  const age = formatAge(now.getTime() - standing.updated_at.getTime());
  const detail = `at ${standing.sequence} of lineage ${standing.lineage}, written ${age} ago`;
  if (lag === undefined) return ['recorder', cell('unknown', colors.yellow), detail];
  if (lag === 0) return ['recorder', cell('caught up', colors.green), detail];
  return ['recorder', cell(`${lag} behind`, colors.yellow), detail];
}

/** Records of the log that are not in the book yet; undefined when that cannot be said. */
function lagOf(book: BookStanding, log: LogStanding): number | undefined {
  if (!log.reached) return undefined;
  const { standing } = book;
  if (standing === undefined || standing.lineage !== log.lineage) return log.bounds.last;
  return Math.max(0, log.bounds.last - standing.sequence);
}

function bookRow({ standing }: BookStanding): Row {
  if (standing === undefined) return ['book', cell('empty'), ''];
  const breaks = standing.turn === 0 ? '' : `, the log was replaced ${standing.turn} times`;
  const head = `head ${standing.chain_hash.slice(0, 12)}${breaks}`;
  return ['book', cell(`${standing.chain_sequence} entries`), head];
}

function logRow(log: LogStanding, colors: Colors): Row {
  if (!log.reached) return ['log', cell('not reached', colors.red), log.problem];
  const { first, last } = log.bounds;
  return ['log', cell('reached', colors.green), `records ${first} to ${last}${fillOf(log.broker)}`];
}

function fillOf(broker: BrokerStanding | undefined): string {
  if (broker === undefined) return '';
  const size = `, ${Math.ceil(broker.bytes / 1_000_000)} MB`;
  return broker.mostBytes === 0
    ? size
    : `${size}, ${Math.floor(broker.share * 100)} % of its limit`;
}

function reconcilerRow({ takeOvers }: BookStanding, { now, colors }: Look): Row {
  const newest = takeOvers.toSorted((left, right) => right.at.getTime() - left.at.getTime()).at(0);
  if (newest === undefined) return ['reconciler', cell('never here', colors.yellow), ''];
  const age = formatAge(now.getTime() - newest.at.getTime());
  const holders = new Set(takeOvers.map((takeOver) => takeOver.holder)).size;
  const others = holders > 1 ? `, ${holders} holders in all` : '';
  const detail = `shards, last by ${newest.holder}, ${age} ago, epoch ${newest.epoch}${others}`;
  return ['reconciler', cell(`${takeOvers.length} taken over`), detail];
}

function setsRow({ sets, holds }: BookStanding, colors: Colors): Row {
  if (holds.length === 0) return ['sets', cell(`${sets} known`), 'none held'];
  return ['sets', cell(`${sets} known`, colors.yellow), `${holds.length} held`];
}

/** Only while something is unreadable: where destruction stands still, since when and how long. */
function quarantineRows({ blocked }: BookStanding, { now, colors }: Look): readonly Row[] {
  if (blocked.length === 0) return [];
  const records = blocked.reduce((sum, one) => sum + one.records, 0);
  const first = Math.min(...blocked.map(({ since }) => since.getTime()));
  const places = blocked.map(({ shard, namespace }) =>
    namespace === null ? `shard ${shard}` : `namespace ${namespace}`,
  );
  const where = new Set(places.slice(0, mostPlaces));
  const more = places.length > mostPlaces ? ` and ${places.length - mostPlaces} more` : '';
  const age = formatAge(now.getTime() - first);
  const detail = `nothing is destroyed in ${[...where].join(', ')}${more} for ${age}, until the next whole survey`;
  return [['quarantine', cell(`${records} unreadable`, colors.red), detail]];
}

const mostPlaces = 5;

function heldTable({ holds }: BookStanding, { now, colors }: Look): string {
  if (holds.length === 0) return '';
  return renderTable(
    ['NAMESPACE', 'HELD SET', 'REASON', 'SINCE', 'BECAUSE'],
    holds.map((hold) => [
      cell(hold.namespace),
      cell(formatSet(hold.set_kind, hold.set_name)),
      cell(hold.reason, colors.red),
      cell(`${formatAge(now.getTime() - hold.since.getTime())} ago`),
      cell(hold.because),
    ]),
  );
}

function quarantineTable({ quarantined }: BookStanding, { now, colors }: Look): string {
  if (quarantined.length === 0) return '';
  return renderTable(
    ['QUARANTINED', 'SHARD', 'NAMESPACE', 'WHEN', 'DESTRUCTION', 'PROBLEM'],
    quarantined.map((poison) => [
      cell(`${poison.family} ${poison.stream_sequence}`, colors.red),
      cell(poison.shard),
      cell(poison.namespace),
      cell(`${formatAge(now.getTime() - poison.at.getTime())} ago`),
      poison.blocks
        ? cell('stands still', colors.red)
        : cell('goes on, surveyed since', colors.green),
      cell(poison.problem),
    ]),
  );
}

function takeOverTable({ takeOvers }: BookStanding): string {
  if (takeOvers.length === 0) return '';
  return renderTable(
    ['SHARD', 'EPOCH', 'HOLDER', 'CODE', 'TAKEN OVER'],
    takeOvers.map((takeOver) => [
      cell(takeOver.shard),
      cell(takeOver.epoch),
      cell(takeOver.holder),
      cell(takeOver.code_version),
      cell(formatTime(takeOver.at)),
    ]),
  );
}
