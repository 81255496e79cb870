import { sql } from 'kysely';
import type { Policy } from '#shared/contract/records.ts';
import type { ClusterSettings } from '#shared/cluster/kube-cluster.ts';
import { askVolumes } from '#shared/store/ask-book.ts';
import type { DeletedVolumeRow } from '#shared/store/tables.ts';
import { readSessions } from '../book-standing.ts';
import { readLog } from '../read-log.ts';
import { leaseNames } from '../lease-rows.ts';
import type { CliSettings } from '../settings.ts';
import { withBook } from '../with-book.ts';
import { asked, examineCluster, withoutCluster } from './examine-cluster.ts';
import type { Asked, AuditTrail, BookHealth, Examination, LogHealth } from './examination.ts';

export type ExamineParts = {
  readonly settings: CliSettings | undefined;
  /** Why there are no settings, in words. */
  readonly settingsProblem: string;
  readonly access: ClusterSettings | undefined;
  readonly serviceNamespace: string;
  readonly now: Date;
};

/** What the reconciler that decided last says of itself. */
type Told = { readonly policy: Policy | undefined };

const mostKept = 10_000;

/** Looks at book, log and cluster. What cannot be reached is told by the checks that need it. */
export async function examine(parts: ExamineParts): Promise<Examination> {
  const { settings, settingsProblem, access, serviceNamespace, now } = parts;
  const none = { ok: false, problem: settingsProblem } as const;
  const book =
    settings === undefined ? none : await asked(() => withBook(settings.databaseUrl, readTrail));
  const kept = book.ok ? book.value.kept : [];
  const log = settings === undefined ? none : await readHealth(settings);
  const told = log.ok ? log.value.policy : undefined;
  const mode = told?.mode ?? settings?.mode;
  return {
    now,
    mode,
    kubevirtControllers: told?.kubevirtControllers ?? settings?.kubevirtControllers,
    log,
    book: book.ok ? { ok: true, value: book.value.health } : book,
    audit: book.ok ? { ok: true, value: book.value.audit } : book,
    ...(access === undefined
      ? withoutCluster('no cluster is named')
      : await examineCluster(access, {
          kept,
          mode,
          serviceNamespace,
          servicesAreYou: settings?.servicesUseKubeconfig === true,
        })),
  };
}

type Trail = {
  readonly audit: AuditTrail;
  readonly kept: readonly DeletedVolumeRow[];
  readonly health: BookHealth;
};

const readTrail: Parameters<typeof withBook<Trail>>[1] = async (db) => {
  const { rows } = await sql<{ readonly told: Date | null; readonly operated: Date | null }>`
    select (select max(at) from book.attributions) as told,
      (select max(at) from book.history where operation in ('created', 'scaled', 'deleted')
        and not gap) as operated`.execute(db);
  const [row] = rows;
  return {
    audit: { toldAt: row?.told ?? undefined, operatedAt: row?.operated ?? undefined },
    kept: await askVolumes(db, { kept: 'alone', limit: mostKept }),
    health: { recorders: (await readSessions(db)).get('recorder') ?? 0 },
  };
};

async function readHealth(settings: CliSettings): Promise<Asked<LogHealth & Told>> {
  const log = await readLog(settings);
  if (!log.reached) return { ok: false, problem: log.problem };
  const holders = log.broker?.holders ?? new Map<string, unknown>();
  const away = leaseNames.filter((name) => !holders.has(name));
  return { ok: true, value: { lazy: log.broker?.lazy, away, policy: log.broker?.policy } };
}
