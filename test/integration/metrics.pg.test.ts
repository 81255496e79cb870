import { readFileSync } from 'node:fs';
import { connect } from 'nats';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Scrape } from '#test/support/scrape.ts';
import { until } from '#test/support/until.ts';
import { aPoolOf, serviceNames, startServices } from './all-processes.ts';
import type { ServiceName, Services } from './all-processes.ts';

/* What every service tells at /metrics, in a run of all of them; and that whoever reads it finds it. */

/** `moves`: above zero once a pool has come, grown, shrunk and gone wrong. `stands`: told, if only as 0. */
type Row = readonly [name: string, expectation: 'moves' | 'stands'];

const ofAll: readonly Row[] = [
  ['rollcall_ready', 'moves'],
  ['rollcall_phase', 'moves'],
  ['rollcall_log_last_sequence', 'moves'],
  ['rollcall_log_fill_ratio', 'stands'],
  ['rollcall_log_strained', 'stands'],
  ['rollcall_log_refusals_total', 'stands'],
  ['process_cpu_seconds_total', 'moves'],
  ['process_resident_memory_bytes', 'moves'],
  ['nodejs_eventloop_lag_p99_seconds', 'moves'],
  ['nodejs_heap_size_used_bytes', 'moves'],
];

const ofWriters: readonly Row[] = [
  ['rollcall_log_stored_records_total', 'moves'],
  ['rollcall_log_stored_frames_total', 'moves'],
  ['rollcall_log_stored_bytes_total', 'moves'],
  ['rollcall_log_storing_seconds_total', 'moves'],
];

const ofReaders: readonly Row[] = [
  ['rollcall_log_read_records_total', 'moves'],
  ['rollcall_log_read_messages_total', 'moves'],
  ['rollcall_log_read_bytes_total', 'moves'],
  ['rollcall_reader_sequence', 'moves'],
  ['rollcall_reader_lag_messages', 'stands'],
  ['rollcall_reader_lag_seconds', 'stands'],
];

const table: Readonly<Record<ServiceName, readonly Row[]>> = {
  watcher: [
    ...ofAll,
    ...ofWriters,
    ['rollcall_watches_started_total', 'moves'],
    ['rollcall_watch_interruptions_total', 'stands'],
    ['rollcall_survey_duration_seconds_count', 'moves'],
    ['rollcall_surveyed_objects', 'stands'],
    ['rollcall_outbox_facts', 'stands'],
    ['rollcall_outbox_merged_facts_total', 'stands'],
    ['rollcall_api_call_duration_seconds_count', 'moves'],
  ],
  reconciler: [
    ...ofAll,
    ...ofWriters,
    ...ofReaders,
    ['rollcall_log_unreadable_records_total', 'moves'],
    ['rollcall_decisions_total', 'moves'],
    ['rollcall_commands_decided_total', 'moves'],
    ['rollcall_commands_withdrawn_total', 'stands'],
    ['rollcall_commands_pending', 'stands'],
    ['rollcall_unsound_plans_total', 'stands'],
    ['rollcall_shard_take_overs_total', 'moves'],
    ['rollcall_shards_open', 'moves'],
    ['rollcall_sets', 'moves'],
    ['rollcall_sets_held', 'moves'],
    ['rollcall_decide_duration_seconds_count', 'moves'],
    ['rollcall_fact_to_decision_seconds_count', 'moves'],
    ['rollcall_decision_to_effect_seconds_count', 'moves'],
    ['rollcall_fact_to_effect_seconds_count', 'moves'],
  ],
  executor: [
    ...ofAll,
    ...ofWriters,
    ...ofReaders,
    ['rollcall_commands_settled_total', 'moves'],
    ['rollcall_command_retries_total', 'stands'],
    ['rollcall_command_duration_seconds_count', 'moves'],
    ['rollcall_commands_open', 'stands'],
    ['rollcall_commands_oldest_age_seconds', 'stands'],
    ['rollcall_destruction_waiting_commands', 'stands'],
    ['rollcall_destruction_waiting_seconds', 'stands'],
    ['rollcall_calls_in_flight', 'stands'],
    ['rollcall_calls_bound', 'moves'],
    ['rollcall_api_call_duration_seconds_count', 'moves'],
  ],
  recorder: [
    ...ofAll,
    ...ofReaders,
    ['rollcall_book_entries_total', 'moves'],
    ['rollcall_quarantined_records_total', 'moves'],
    ['rollcall_book_write_duration_seconds_count', 'moves'],
    ['rollcall_book_sequence', 'moves'],
    ['rollcall_book_lag_messages', 'stands'],
    ['rollcall_book_lag_seconds', 'stands'],
    ['rollcall_book_away', 'stands'],
  ],
  gateway: [
    ...ofAll,
    ['rollcall_gateway_requests_total', 'moves'],
    ['rollcall_gateway_request_seconds_count', 'moves'],
    ['rollcall_gateway_source_events_total', 'stands'],
    ['rollcall_gateway_source_deliveries_total', 'stands'],
    ['rollcall_gateway_source_last_delivery_timestamp_seconds', 'stands'],
    ['rollcall_gateway_intake_in_flight', 'stands'],
    ['rollcall_gateway_streams', 'stands'],
    ['rollcall_api_call_duration_seconds', 'stands'],
  ],
};

let services: Services;
beforeAll(async () => {
  services = await startServices();
});
afterAll(() => services[Symbol.asyncDispose]());

async function machinesOf(pool: string): Promise<number> {
  const page = await services.cluster.list('VirtualMachine', { limit: 500 });
  const items = page.ok ? page.value.items : [];
  return items.filter((item) => item.metadata?.name?.startsWith(`${pool}-`)).length;
}

async function resize(name: string, replicas: number): Promise<void> {
  const pool = { kind: 'VirtualMachinePool', namespace: 'default', name };
  const answer = await services.cluster.patch(pool, {
    type: 'merge',
    body: { spec: { replicas } },
  });
  expect(answer.ok).toBe(true);
  await until(`${name} to have ${replicas}`, async () => (await machinesOf(name)) === replicas);
}

/** Puts something into the log that is no record, as a faulty writer would. */
async function putGarbage(): Promise<void> {
  const url = new URL(services.broker.url);
  const connection = await connect({ servers: url.host, user: url.username, pass: url.password });
  await connection.request('rc.07.fact', new TextEncoder().encode('{"v":1,"records":[{}]}'));
  await connection.close();
}

function problemsOf(name: ServiceName, scrape: Scrape): readonly string[] {
  const isTold = (metric: string): boolean =>
    scrape.types.has(metric.replace(/_(count|sum|bucket)$/, '')) || scrape.types.has(metric);
  return table[name].flatMap(([metric, expectation]) => {
    if (!isTold(metric)) return [`${name} does not tell ${metric}`];
    const moved = (scrape.sum(metric) ?? 0) > 0;
    return expectation === 'moves' && !moved ? [`${metric} of ${name} has not moved`] : [];
  });
}

async function allProblems(): Promise<readonly string[]> {
  const found = await Promise.all(
    serviceNames.map(async (name) => problemsOf(name, await services.scrape(name))),
  );
  return found.flat();
}

describe('what the services count', () => {
  test(
    'is told by each of them, and moves when something happens',
    { timeout: 120_000 },
    async () => {
      const { cluster } = services;
      expect((await cluster.create(aPoolOf('web', 1))).ok).toBe(true);
      await until('web to have 1', async () => (await machinesOf('web')) === 1);
      await resize('web', 5);
      await resize('web', 2);
      const odd = aPoolOf('odd', 1, { 'rollcall.dev/mode': 'whatever' });
      expect((await cluster.create(odd)).ok).toBe(true);
      await putGarbage();
      await services.scrapeGateway();
      let problems: readonly string[] = [];
      await until(
        'every metric to have moved',
        async () => {
          problems = await allProblems();
          return problems.length === 0;
        },
        { timeoutMs: 30_000 },
      ).catch(() => undefined);
      expect(problems).toEqual([]);
    },
  );

  test('adds up between those who do and those who see it done', async () => {
    const [reconciler, executor, recorder, watcher] = await Promise.all([
      services.scrape('reconciler'),
      services.scrape('executor'),
      services.scrape('recorder'),
      services.scrape('watcher'),
    ]);
    const settled = (labels: Record<string, string>) =>
      executor.sum('rollcall_commands_settled_total', labels);
    const decided = (labels: Record<string, string>) =>
      reconciler.sum('rollcall_commands_decided_total', labels);
    expect(settled({ verb: 'create-vm', outcome: 'applied' })).toBe(5);
    expect(decided({ verb: 'create-vm' })).toBe(5);
    expect(decided({ verb: 'delete-member', purpose: 'scale-in' })).toBe(3);
    expect(settled({ verb: 'delete-member', outcome: 'applied' })).toBe(3);
    expect(reconciler.sum('rollcall_decision_to_effect_seconds_count', { verb: 'create-vm' })).toBe(
      5,
    );
    expect(reconciler.sum('rollcall_sets_held', { reason: 'InvalidMode' })).toBe(1);
    expect(reconciler.sum('rollcall_shard_take_overs_total')).toBe(64);
    expect(recorder.sum('rollcall_quarantined_records_total')).toBe(1);
    expect(recorder.sum('rollcall_book_lag_messages')).toBe(0);
    const stored = watcher.sum('rollcall_log_stored_records_total', { family: 'fact' });
    expect(recorder.sum('rollcall_log_read_records_total', { family: 'fact' })).toBe(stored);
    const create = { verb: 'create', code: '201' };
    const creates = executor.sum('rollcall_api_call_duration_seconds_count', create) ?? 0;
    expect(creates).toBeGreaterThanOrEqual(5);
  });

  test('names no object in any label, and bounds the values of each', async () => {
    for (const name of serviceNames) {
      const { samples } = await services.scrape(name);
      const values = new Map<string, Set<string>>();
      for (const { labels } of samples) {
        for (const [label, value] of Object.entries(labels)) {
          values.set(label, (values.get(label) ?? new Set()).add(value));
        }
      }
      const named = [...values.values()]
        .flatMap((set) => [...set])
        .filter((v) => /^(web|odd)/.test(v));
      expect(named).toEqual([]);
      expect([...values].filter(([, set]) => set.size > 40).map(([label]) => label)).toEqual([]);
    }
  });

  test('is told by the gateway on the port for people too', async () => {
    const own = await services.scrape('gateway');
    const told = await services.scrapeGateway();
    expect([...told.types.keys()].toSorted()).toEqual([...own.types.keys()].toSorted());
  });
});

describe('who reads it', () => {
  const files = [
    'docs/operations.md',
    'deploy/grafana/dashboard.json',
    'deploy/grafana/alerts.yaml',
  ];

  test.for(files)('%s names only metrics that exist', async (file) => {
    const scrapes = await Promise.all(serviceNames.map((name) => services.scrape(name)));
    const known = new Set(scrapes.flatMap(({ types }) => [...types.keys()]));
    const text = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
    const names = new Set(text.match(/\b(?:rollcall|process|nodejs)_[a-z0-9_]+/g));
    // A role of the database.
    names.delete('rollcall_owner');
    expect(names.size).toBeGreaterThan(5);
    const unknown = [...names].filter(
      (name) => !known.has(name) && !known.has(name.replace(/_(?:bucket|sum|count)$/, '')),
    );
    expect(unknown).toEqual([]);
  });
});
