import { isRecord } from '#shared/lib/canonical.ts';
import { readAuditEvents } from './transcript-audit.ts';
import type { AuditFields } from './transcript-audit.ts';
import { readTranscript } from './transcripts.ts';

/** A recording of audit events, and of the pools that its answers showed, with values in place of masks. */
export type RecordedAudit = {
  readonly events: readonly AuditFields[];
  /** Each version of a pool that an answer showed, oldest first; without those of dry runs. */
  readonly pools: readonly AuditFields[];
};

const firstVersion = 1_000;
const began = Date.parse('2026-11-21T03:30:00Z');

/** The version that stands where the recording has `<rv:n>`. */
export function versionFor(number: number): string {
  return String(firstVersion + number);
}

/** The uid that stands where the recording has `<uid:n>`. */
export function uidFor(number: number): string {
  return `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
}

export async function readRecordedAudit(folder: string): Promise<RecordedAudit> {
  const masked = await readAuditEvents(folder, '501');
  const steps = await readTranscript(folder, '501');
  const fill = filler(masked);
  const pools = steps
    .filter(({ request }) => request?.path.includes('dryRun=') !== true)
    .map(({ response }) => fill(response?.body))
    .filter(isRecord)
    .filter(({ kind }) => kind === 'VirtualMachinePool');
  const byVersion = new Map(pools.map((pool) => [versionOf(pool), pool]));
  const inOrder = [...byVersion].toSorted(([left], [right]) => left - right);
  return {
    events: masked.map(fill).filter(isRecord),
    pools: inOrder.map(([, pool]) => pool),
  };
}

function versionOf({ metadata }: AuditFields): number {
  return Number(isRecord(metadata) ? metadata['resourceVersion'] : NaN);
}

/**
 * Times are numbered in their order: those of objects are whole seconds, those of events lie a millisecond
 * apart in the second that stands before them.
 */
function filler(events: readonly AuditFields[]): (value: unknown) => unknown {
  const ofEvents = new Set(
    events.flatMap((event) => [event['requestReceivedTimestamp'], event['stageTimestamp']]),
  );
  const times: string[] = [];
  let second = 0;
  for (let number = 0, ms = 0; number <= 1_000; number += 1) {
    const isOfEvent = ofEvents.has(`<time:${number}>`);
    if (isOfEvent) ms += 1;
    else [second, ms] = [second + 1, 0];
    const text = new Date(began + second * 1_000 + ms).toISOString();
    times.push(isOfEvent ? text.replace('Z', '000Z') : `${text.slice(0, 19)}Z`);
  }
  return (value) => {
    if (value === undefined) return undefined;
    const filled: unknown = JSON.parse(
      JSON.stringify(value)
        .replaceAll(/<uid:(\d+)>/g, (_, number) => uidFor(Number(number)))
        .replaceAll(/<rv:(\d+)>/g, (_, number) => versionFor(Number(number)))
        .replaceAll(/<time:(\d+)>/g, (_, number) => times[Number(number)] ?? ''),
    );
    return filled;
  };
}
