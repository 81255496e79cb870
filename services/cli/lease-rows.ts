import type { Policy } from '#shared/contract/records.ts';
import type { Look } from './colors.ts';
import { cell } from './table.ts';
import type { Cell } from './table.ts';
import { formatAge, formatTime } from './times.ts';

export const leaseNames = ['watcher', 'reconciler', 'executor'] as const;

export type Holder = { readonly holder: string; readonly renewedAt: number };

/** What the broker says beside the length of the log. */
export type BrokerStanding = {
  readonly bytes: number;
  /** 0 when only the broker's disk is a limit. */
  readonly mostBytes: number;
  /** 0 … 1 */
  readonly share: number;
  /** Why acknowledged records may be lost in a power cut; undefined when they may not. */
  readonly lazy: string | undefined;
  readonly holders: ReadonlyMap<string, Holder>;
  /** All decisions up to here are settled; undefined before the first. */
  readonly settledUpTo: number | undefined;
  /** Somebody has said that the cluster was set back, and the watcher has not acted on it yet. */
  readonly openRewind: { readonly by: string; readonly askedAt: number } | undefined;
  /** As the reconciler that decides was started; undefined where none has said it yet. */
  readonly policy: Policy | undefined;
};

type Row = readonly [string, Cell, string];

export type ServiceStanding = {
  readonly broker: BrokerStanding;
  /** Sequence of the newest record. */
  readonly last: number;
  readonly book: { readonly sessions: ReadonlyMap<string, number> };
};

/** Who is active. A lease that nobody renews runs out within seconds, so who holds one is alive. */
export function serviceRows({ broker, last, book }: ServiceStanding, look: Look): readonly Row[] {
  const { colors, now } = look;
  const leases = leaseNames.map((name): Row => {
    const held = broker.holders.get(name);
    const detail = detailOf(name, broker, last);
    const lease = `lease ${name}`;
    if (held === undefined) return [lease, cell('nobody', colors.red), detail];
    const age = formatAge(now.getTime() - held.renewedAt);
    const by = `${held.holder}, renewed ${age} ago`;
    return [lease, cell('held', colors.green), detail === '' ? by : `${by}, ${detail}`];
  });
  return [
    ...leases,
    ...sessionRows(book.sessions, look),
    ...(broker.lazy === undefined
      ? []
      : [['broker', cell('may forget', colors.red), broker.lazy] satisfies Row]),
    ...rewindRows(broker, look),
  ];
}

function detailOf(name: string, broker: BrokerStanding, last: number): string {
  switch (name) {
    case 'executor':
      return settledWords(broker, last);
    case 'reconciler':
      return broker.policy === undefined ? '' : policyWords(broker.policy);
    default:
      return '';
  }
}

function policyWords({ mode, kubevirtControllers }: Policy): string {
  return `default mode ${mode}, KubeVirt's controllers ${kubevirtControllers}`;
}

function settledWords({ settledUpTo }: BrokerStanding, last: number): string {
  if (settledUpTo === undefined) return 'nothing settled yet';
  return `all decisions up to ${settledUpTo} of ${last} settled`;
}

/** Of the recorder one process writes and the others stand by; both have sessions. */
function sessionRows(sessions: ReadonlyMap<string, number>, { colors }: Look): readonly Row[] {
  return ['recorder', 'gateway'].map((name): Row => {
    const count = sessions.get(name) ?? 0;
    const state = count === 0 ? cell('not there', colors.yellow) : cell('connected', colors.green);
    return [`${name} at the book`, state, `${count} sessions`];
  });
}

function rewindRows({ openRewind }: BrokerStanding, { colors }: Look): readonly Row[] {
  if (openRewind === undefined) return [];
  const at = formatTime(new Date(openRewind.askedAt));
  const detail = `accepted by ${openRewind.by} at ${at}; the watcher has not acted on it yet`;
  return [['rewind', cell('waiting', colors.yellow), detail]];
}

/** As programs read it. */
export function brokerRecord(broker: BrokerStanding | undefined): object {
  if (broker === undefined) return {};
  const { bytes, mostBytes, share, lazy, holders, settledUpTo, openRewind, policy } = broker;
  return {
    bytes,
    mostBytes: mostBytes === 0 ? null : mostBytes,
    share,
    durable: lazy === undefined,
    leases: Object.fromEntries(
      leaseNames.map((name) => {
        const held = holders.get(name);
        const renewedAt = held && new Date(held.renewedAt);
        return [name, held === undefined ? null : { holder: held.holder, renewedAt }];
      }),
    ),
    settledUpTo: settledUpTo ?? null,
    openRewind: openRewind ?? null,
    policy: policy ?? null,
  };
}
