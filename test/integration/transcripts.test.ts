import { describe, expect, test } from 'vitest';

import { apiClient } from '#test/support/transcript-client.ts';
import type { ApiClient } from '#test/support/transcript-client.ts';
import { isRecord } from '#shared/lib/canonical.ts';
import { startReplay } from '#test/support/transcript-replay.ts';
import type { Comparison, Replay } from '#test/support/transcript-replay.ts';
import { readTranscript, stepNumbers } from '#test/support/transcripts.ts';
import type { RecordedRequest, Step } from '#test/support/transcripts.ts';
import { openTestSandbox, steppedClock } from '#test/support/test-sandbox.ts';

/**
 * Replays recorded answers of a real kube-apiserver against the sandbox's HTTP server. What is masked
 * everywhere: UUIDs, resourceVersions, times, ages, ports and temporary files. What else is compared in
 * part, and what is left out, stands in the plans below; a step that is in no list fails.
 */

const transcripts = process.env['ROLLCALL_TRANSCRIPTS'];
const realCrds = process.env['ROLLCALL_KUBEVIRT_CRDS'];

/** Where the slimness of the sandbox shows on purpose. */
const reasons = {
  discovery: 'the sandbox serves fewer groups and resources: only those in both are compared',
  release: 'the build of the recorded server is not ours',
  openapi: 'the documents hold our schemas: that the index is there is what kubectl needs',
  columnText: 'descriptions of built-in columns are not repeated; names, types and cells are',
  yaml: 'the layout of YAML and the folding of its lines are our own',
  bookmarks: 'the recorded server sent its last bookmark twice',
  rows: 'rows and versions that only a busy cluster has: the service kubernetes, its events',
} as const;

/** What the next storey builds, or what lies outside of this one. */
const later = {
  explain: 'kubectl explain is not required: it reads whole OpenAPI documents',
  kinds: 'the sandbox has no such kind and does not list it in discovery, so kubectl would not ask',
  access: 'authorisation, its reviews and 403 come with the next storey',
  protobuf: 'the recorded answer is protobuf; ours is JSON, which kubectl also accepts',
  openapiV2: 'the sandbox has no /openapi/v2; kubectl goes on without',
  autoscale: 'HorizontalPodAutoscalers come with the next storey',
  compaction: 'a fresh sandbox still knows every version; the unit tests of watch.ts cover it',
  listOptions: 'sendInitialEvents on a list: no client asks for it',
  client: 'kubectl refused by itself and sent nothing',
} as const;

type Aside = {
  readonly before: number;
  readonly request: RecordedRequest;
  /** The event of a watch that shows what came of it. */
  readonly shownBy?: { readonly step: number; readonly line: number };
};

type Plan = {
  readonly file: string;
  /** Begins where this transcript ends, on the same server. */
  readonly after?: string;
  readonly whole: string;
  /** Whole too, where the CRDs of the recording stand in for ours. */
  readonly realCrds?: string;
  /** What the recording did between steps, without writing it down. */
  readonly aside?: readonly Aside[];
  readonly inPart?: readonly {
    readonly steps: string;
    readonly why: keyof typeof reasons;
    readonly comparison: Comparison;
  }[];
  readonly leftOut?: readonly { readonly steps: string; readonly why: keyof typeof later }[];
};

const served: Comparison = { kind: 'served' };
const reachable: Comparison = { kind: 'reachable' };
const but = (...ignore: readonly RegExp[]) => ({ kind: 'whole', ignore }) as const;
const columnText = /\.columnDefinitions\[\d+\]\.description$/;

/** Our CRDs are slim and describe their columns in their own words. */
const wholeButText = but(...(realCrds === undefined ? [columnText] : []));

function poolsPath(version: string): string {
  return `/apis/pool.kubevirt.io/${version}/namespaces/default/virtualmachinepools`;
}

const curl = { 'user-agent': 'curl/7.88.1' };

function post(body: unknown): RecordedRequest {
  const headers = { ...curl, 'content-type': 'application/json' };
  return { method: 'POST', path: poolsPath('v1beta1'), headers, body };
}

function patch(name: string, body: unknown): RecordedRequest {
  const headers = { ...curl, 'content-type': 'application/merge-patch+json' };
  return { method: 'PATCH', path: `${poolsPath('v1beta1')}/${name}`, headers, body };
}

function watched(name: string): unknown {
  const labels = { p: name };
  const template = { metadata: { labels }, spec: { domain: { devices: {} } } };
  return {
    apiVersion: 'pool.kubevirt.io/v1beta1',
    kind: 'VirtualMachinePool',
    metadata: { name, labels: { in: 'yes' } },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      virtualMachineTemplate: { metadata: { labels }, spec: { runStrategy: 'Halted', template } },
    },
  };
}

const cirrosLabels = { 'kubevirt.io/vmpool': 'vm-pool-cirros' };
const cirrosPool = {
  apiVersion: 'pool.kubevirt.io/v1alpha1',
  kind: 'VirtualMachinePool',
  metadata: { name: 'vm-pool-cirros' },
  spec: {
    replicas: 3,
    selector: { matchLabels: cirrosLabels },
    virtualMachineTemplate: {
      metadata: { labels: cirrosLabels },
      spec: {
        runStrategy: 'Always',
        template: {
          metadata: { labels: cirrosLabels },
          spec: {
            domain: {
              devices: { disks: [{ disk: { bus: 'virtio' }, name: 'containerdisk' }] },
              resources: { requests: { memory: '128Mi' } },
            },
            terminationGracePeriodSeconds: 0,
            volumes: [
              {
                containerDisk: { image: 'kubevirt/cirros-container-disk-demo:latest' },
                name: 'containerdisk',
              },
            ],
          },
        },
      },
    },
  },
};

const plans: readonly Plan[] = [
  {
    file: '101',
    whole: '',
    inPart: [
      { steps: '0', why: 'release', comparison: but(/^\.(git|build|go|compiler|platform)/) },
      { steps: '1-2', why: 'discovery', comparison: served },
      { steps: '3-4', why: 'discovery', comparison: reachable },
    ],
    leftOut: [{ steps: '5-8', why: 'explain' }],
  },
  {
    file: '201',
    whole: '1, 3-18, 20-21, 23-41, 66-69, 74-79, 80, 86, 89, 91',
    realCrds: '54-65, 70-72',
    inPart: [
      { steps: '0, 2, 87, 90', why: 'openapi', comparison: reachable },
      { steps: '42-43', why: 'discovery', comparison: reachable },
      { steps: '46, 73', why: 'rows', comparison: but(columnText, /^\.rows$/, /^\.metadata\./) },
    ],
    leftOut: [
      { steps: '19, 22', why: 'protobuf' },
      { steps: '44-45, 47-53', why: 'kinds' },
      { steps: '81-85', why: 'access' },
      { steps: '88', why: 'openapiV2' },
    ],
  },
  { file: '202', after: '201', whole: '0-10' },
  {
    file: '203',
    whole:
      '1-2, 4, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27-28, 31, 33, 35-36, 38-41, 43-45, 47-48, 50, 52',
    inPart: [
      {
        steps: '0, 3, 6, 10, 14, 18, 20, 24, 29, 32, 37, 42, 46, 49',
        why: 'openapi',
        comparison: reachable,
      },
    ],
    leftOut: [{ steps: '5, 8, 12, 16, 22, 26, 30, 34, 51', why: 'openapiV2' }],
    aside: [
      {
        before: 50,
        request: {
          method: 'POST',
          path: `${poolsPath('v1alpha1')}?fieldManager=kubectl-create`,
          headers: { 'content-type': 'application/json' },
          body: cirrosPool,
        },
      },
    ],
  },
  {
    file: '205',
    whole: '1-25, 27-28, 30, 32-38, 40-54',
    inPart: [{ steps: '0, 26, 29, 31', why: 'openapi', comparison: reachable }],
    leftOut: [{ steps: '39', why: 'client' }],
  },
  {
    file: '206',
    whole: '1-13, 15-22, 33-36',
    inPart: [{ steps: '0', why: 'openapi', comparison: reachable }],
    leftOut: [
      { steps: '14, 32', why: 'client' },
      { steps: '23-31, 37-40', why: 'autoscale' },
    ],
  },
  { file: '102', whole: '0-4' },
  { file: '103', whole: '0-26' },
  { file: '204', whole: '0-33' },
  { file: '207', whole: '0-51' },
  { file: '208', whole: '0-20' },
  { file: '209', whole: '0-49' },
  { file: '210', whole: '0-10' },
  { file: '302', whole: '0-70' },
  { file: '303', whole: '0-51' },
  { file: '304', whole: '0-52' },
  { file: '305', whole: '0-32' },
  { file: '401', whole: '0-5' },
  { file: '402', whole: '0-5' },
  { file: '403', whole: '0-5' },
  { file: '404', whole: '0-5' },
  { file: '405', whole: '0-14' },
  { file: '601', whole: '0-63' },
  {
    file: '301',
    whole: '0-30, 32, 34-48',
    inPart: [{ steps: '31', why: 'yaml', comparison: reachable }],
    leftOut: [
      { steps: '33', why: 'protobuf' },
      { steps: '49-58', why: 'access' },
    ],
  },
  {
    file: '306',
    whole: '0-7, 10-11, 13-17, 19-22, 25',
    inPart: [
      { steps: '8-9', why: 'bookmarks', comparison: { ...wholeButText, lines: 7 } },
      { steps: '12', why: 'yaml', comparison: but(/^$/) },
    ],
    leftOut: [
      { steps: '18', why: 'listOptions' },
      { steps: '23-24', why: 'compaction' },
    ],
    aside: [
      { before: 0, request: post(watched('w1')), shownBy: { step: 0, line: 0 } },
      {
        before: 15,
        request: patch('w1', { spec: { replicas: 2 } }),
        shownBy: { step: 0, line: 1 },
      },
      {
        before: 15,
        request: patch('w1', { metadata: { labels: { in: 'no' } } }),
        shownBy: { step: 0, line: 2 },
      },
      { before: 15, request: post(watched('w2')), shownBy: { step: 0, line: 3 } },
      {
        before: 15,
        request: { method: 'DELETE', path: `${poolsPath('v1beta1')}/w2`, headers: {} },
      },
    ],
  },
];

describe.each(chains(plans))('transcripts $name', ({ chain }) => {
  test('are answered as a real API server answers', { timeout: 120_000 }, async (context) => {
    if (transcripts === undefined) {
      return context.skip('left out: ROLLCALL_TRANSCRIPTS is not set');
    }
    const clock = steppedClock(Date.parse('2026-11-21T03:30:00Z'));
    await using sandbox = await openTestSandbox({
      ...(realCrds === undefined ? {} : { crds: realCrds }),
      controllers: false,
      authorization: 'RBAC',
      clock,
    });
    using client = apiClient(sandbox);
    const found: string[] = [];
    for (const plan of chain) {
      found.push(...(await replayPlan(plan, { client, clock, folder: transcripts })));
    }
    expect(found).toEqual([]);
  });
});

type Replaying = {
  readonly client: ApiClient;
  readonly clock: ReturnType<typeof steppedClock>;
  readonly folder: string;
};

/** Goes through one transcript and returns what differs, each with its step. */
async function replayPlan(
  plan: Plan,
  { client, clock, folder }: Replaying,
): Promise<readonly string[]> {
  const steps = await readTranscript(folder, plan.file);
  const comparisons = comparisonsOf(plan, steps);
  const unplanned = steps.filter(({ index }) => !comparisons.has(index));
  const found = unplanned.map((step) => `${named(plan, step)}: is in no list`);
  const replay = startReplay(client, clock.nextSecond);
  for (const step of steps) {
    for (const aside of plan.aside ?? []) {
      if (aside.before === step.index) await sendAside(replay, steps, aside);
    }
    const comparison = comparisons.get(step.index);
    if (comparison === undefined || comparison === 'left out') continue;
    const differences = await replay.step(step, comparison);
    found.push(...differences.map((text) => `${named(plan, step)}: ${text}`));
  }
  for (const [index, differences] of await replay.finish()) {
    found.push(...differences.map((text) => `${plan.file} step ${index} (watch): ${text}`));
  }
  return found;
}

function named(plan: Plan, { index, command, label }: Step): string {
  return `${plan.file} step ${index} ${[command, label].filter((text) => text !== '').join(', ')}`;
}

/**
 * What needs no list: documents of OpenAPI, which hold our schemas; bodies of protobuf, which the
 * recording does not keep; and commands for which kubectl sent nothing.
 */
function commonComparison({ request, response }: Step): Comparison | 'left out' | undefined {
  if (request === undefined) return 'left out';
  const isBinary = (body: unknown): boolean => isRecord(body) && '_binary' in body;
  if (isBinary(request.body) || request.path.startsWith('/openapi/v2')) return 'left out';
  if (request.path.startsWith('/openapi/v3') || isBinary(response?.body)) return reachable;
  return undefined;
}

function comparisonsOf(
  plan: Plan,
  all: readonly Step[],
): ReadonlyMap<number, Comparison | 'left out'> {
  const needsCrds: Comparison | 'left out' = realCrds === undefined ? 'left out' : but(columnText);
  const common = all.flatMap((step) => {
    const comparison = commonComparison(step);
    return comparison === undefined ? [] : [[step.index, comparison] as const];
  });
  return new Map<number, Comparison | 'left out'>([
    ...stepNumbers(plan.whole).map((index) => [index, wholeButText] as const),
    ...stepNumbers(plan.realCrds ?? '').map((index) => [index, needsCrds] as const),
    ...(plan.inPart ?? []).flatMap(({ steps, comparison }) =>
      stepNumbers(steps).map((index) => [index, comparison] as const),
    ),
    ...(plan.leftOut ?? []).flatMap(({ steps }) =>
      stepNumbers(steps).map((index) => [index, 'left out'] as const),
    ),
    ...common,
  ]);
}

async function sendAside(
  replay: Replay,
  steps: readonly Step[],
  { before, request, shownBy }: Aside,
): Promise<void> {
  const line = shownBy && steps[shownBy.step]?.response?.lines?.[shownBy.line];
  const body = isRecord(line) ? line['object'] : undefined;
  const status = request.method === 'POST' ? 201 : 200;
  const response = { status, headers: {}, ...(body === undefined ? {} : { body }) };
  const step = { index: before, command: '', label: 'aside', request, response };
  await replay.step(step, { kind: 'whole' });
}

/** Transcripts that follow one another on the same server, together. */
function chains(
  all: readonly Plan[],
): readonly { readonly name: string; readonly chain: readonly Plan[] }[] {
  const heads = all.filter(({ after }) => after === undefined);
  return heads.map((head) => {
    const chain = [head, ...all.filter(({ after }) => after === head.file)];
    return { name: chain.map(({ file }) => file).join(' and '), chain };
  });
}
