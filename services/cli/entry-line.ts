import { actorInWords } from '#shared/contract/actors.ts';
import { isRecord } from '#shared/lib/canonical.ts';
import type { EntryInBook } from '#shared/store/ask-book.ts';
import type { Colors } from './colors.ts';
import { fieldOf, listAt, numberAt, textAt } from './raw-fields.ts';
import { formatSet } from './set-reference.ts';
import { cell } from './table.ts';

/** The body of an entry as data. The book writes it as JSON; what is none is told as nothing. */
export function bodyOf({ body }: EntryInBook): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** The set that an entry is about. */
export function setIn(
  body: unknown,
): { readonly namespace: string; readonly kind: string; readonly name: string } | undefined {
  const set = fieldOf(body, 'set');
  const [namespace, kind, name] = ['namespace', 'kind', 'name'].map((field) => textAt(set, field));
  if (namespace === undefined || kind === undefined || name === undefined) return undefined;
  return { namespace, kind, name };
}

/** One entry as one line: when, which set, and what happened in a sentence. */
export function entryLine(entry: EntryInBook, colors: Colors): string {
  const body = bodyOf(entry);
  const set = setIn(body);
  const time = entry.at.toISOString().slice(11, 23);
  const where = set === undefined ? '–' : `${set.namespace} ${formatSet(set.kind, set.name)}`;
  const what = cell(sentence(entry.kind, body)).text;
  const paint =
    entry.kind === 'held' && textAt(body, 'reason') !== undefined ? colors.red : undefined;
  return `${colors.dim(time)}  ${cell(where).text}  ${paint === undefined ? what : paint(what)}\n`;
}

function sentence(kind: string, body: unknown): string {
  switch (kind) {
    case 'size-changed':
      return `size ${numberAt(body, 'from') ?? '–'} → ${numberAt(body, 'to') ?? '–'}${byIn(body)}`;
    case 'set-changed':
      return `changed: ${changesIn(body)}`;
    case 'member-left':
      return `${nameIn(body)} has left the set`;
    case 'member-joined':
      return `${nameIn(body)} has joined the set`;
    case 'member-lost':
      return `${nameIn(body)} is gone${byIn(body)}`;
    case 'operation-ended':
      return `${(textAt(body, 'operation') ?? '?').replace('-', ' ')}: ${textAt(body, 'outcome') ?? '?'}`;
    case 'decided':
      return `${textAt(body, 'mode') === 'advise' ? 'would do' : 'decided'} ${decidedIn(body)}`;
    case 'held':
      return heldIn(body);
    case 'settled':
      return settledIn(body);
    case 'attributed':
      return `${textAt(body, 'user') ?? textAt(body, 'actor') ?? '?'} did ${textAt(body, 'verb') ?? '?'} ${nameIn(body)}`;
    case 'opened':
      return `shard ${textAt(body, 'shard') ?? '?'} taken over by ${textAt(body, 'holder') ?? '?'}`;
    case 'rewound':
      return `the cluster was set back, accepted by ${textAt(body, 'by') ?? '?'}: what was known is void`;
    case 'lineage-broken':
      return 'the log is another one than before';
    case 'poison':
      return `a record cannot be read: ${textAt(body, 'problem') ?? '?'}`;
    default:
      return `${kind.replaceAll('-', ' ')} ${nameIn(body)}`.trim();
  }
}

/**
 * `paused false → true, template`: a setting that has no value is told by its name. Of changes that were
 * not seen there is their number; without any other, they have undone one another.
 */
export function changesIn(body: unknown): string {
  const changes = listAt(body, 'changes').map((change) => {
    const [what = '?', from, to] = ['what', 'from', 'to'].map((name) => textAt(change, name));
    return from === undefined && to === undefined ? what : `${what} ${from ?? '–'} → ${to ?? '–'}`;
  });
  const missed = numberAt(body, 'missed');
  if (missed === undefined) return changes.join(', ');
  const versions = `${missed} ${missed === 1 ? 'version' : 'versions'} in between not seen`;
  const what = changes.length === 0 ? 'changed and changed back' : changes.join(', ');
  return `${what} (${versions})`;
}

/** What a plan would do, or does, and why. */
export function decidedIn(body: unknown): string {
  const counts = fieldOf(body, 'commands');
  const verbs = isRecord(counts)
    ? Object.entries(counts).map(([verb, count]) => `${String(count)} ${verb}`)
    : [];
  const disks = listAt(body, 'endangered').flatMap((one) => listAt(one, 'disks')).length;
  const risk = disks === 0 ? '' : `, ${disks} disks at risk`;
  return `${verbs.join(', ')}: ${textAt(body, 'because') ?? '?'}${risk}`;
}

function heldIn(body: unknown): string {
  const reason = textAt(body, 'reason');
  const because = textAt(body, 'because') ?? '';
  return reason === undefined ? `no longer held: ${because}` : `held, ${reason}: ${because}`;
}

function settledIn(body: unknown): string {
  const { verb, outcome, reason } = {
    verb: textAt(body, 'verb') ?? '?',
    outcome: textAt(body, 'outcome') ?? '?',
    reason: textAt(body, 'reason'),
  };
  return `${verb} ${nameIn(body)}: ${outcome}${reason === undefined ? '' : ` (${reason})`}`;
}

function byIn(body: unknown): string {
  const actor = textAt(body, 'by', 'actor');
  const grade = textAt(body, 'by', 'grade');
  return actor === undefined ? '' : ` by ${actorInWords(actor)} (${grade ?? 'unknown'})`;
}

function nameIn(body: unknown): string {
  const names = [
    textAt(body, 'name'),
    textAt(body, 'member', 'name'),
    textAt(body, 'object', 'name'),
    textAt(body, 'claim', 'name'),
    textAt(body, 'disk', 'name'),
    textAt(body, 'member'),
  ];
  return names.find((name) => name !== undefined) ?? '';
}
