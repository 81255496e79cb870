import { isRecord } from '#shared/lib/canonical.ts';
import type { Comparison } from './transcript-replay.ts';
import { cirrosPool, dup, halfOfCpu, patch, poolsPath, post } from './transcript-requests.ts';
import { postAutoscaler, postClaim, postHeld, postNamespace } from './transcript-requests.ts';
import { remove, watched } from './transcript-requests.ts';
import { stepNumbers } from './transcripts.ts';
import type { RecordedRequest, Step } from './transcripts.ts';

const realCrds = process.env['ROLLCALL_KUBEVIRT_CRDS'];

/** Where the slimness of the sandbox shows on purpose. */
const reasons = {
  discovery: 'the sandbox serves fewer groups and resources: only those in both are compared',
  release: 'the build of the recorded server is not ours',
  openapi: 'the documents hold our schemas: that the index is there is what kubectl needs',
  columnText: 'descriptions of built-in columns are not repeated; names, types and cells are',
  yaml: 'the layout of YAML and the folding of its lines are our own',
  bookmarks: 'the recorded server sent its last bookmark twice',
  checks: 'the checks behind livez are those of another program',
  keys: 'a uid inside the name of a field is not masked',
  pace: 'what is seen of a deletion in progress depends on the pace of both',
  order: 'the recorded server tells causes in the order of a map, which changes from run to run',
  random: 'the suffix of a generated name stands inside of texts',
  bare: 'the recorded server leaves kind and apiVersion out of this one answer',
  compaction: 'needs a compaction, or an object of a size that was not recorded',
  seconds: 'objects were made between the recorded steps, in seconds that no step shows',
  trimmed: 'the recording leaves spec and managedFields out of long lists',
  rows: 'rows and versions that only a busy cluster has: the service kubernetes, its events',
} as const;

/** What the next storey builds, or what lies outside of this one. */
const later = {
  kinds: 'the sandbox has no such kind and does not list it in discovery, so kubectl would not ask',
  protobuf: 'the recorded answer is protobuf; ours is JSON, which kubectl also accepts',
  openapiV2: 'the sandbox has no /openapi/v2; kubectl goes on without',
  compaction: 'a fresh sandbox still knows every version; the unit tests of watch.ts cover it',
  listOptions: 'sendInitialEvents on a list: no client asks for it',
  client: 'kubectl refused by itself and sent nothing',
  credentials: 'sent without the right token; sandbox-http.test.ts asks the same',
  decoding: 'a body of options that is of another kind or is no JSON is told in other words',
  eventsGroup: 'events are served in the core group only, where all clients here look for them',
  duplicates: 'the recording parsed the body, so the second field of the name is lost',
} as const;

/** A request between recorded steps. */
export type Aside = {
  readonly before: number;
  readonly request: RecordedRequest;
  /** The answer that shows what came of it: an event of a watch, an item of a list, or all of it. */
  readonly shownBy?: { readonly step: number; readonly line?: number; readonly item?: number };
  /** A part of the answer, where no recorded step shows it. */
  readonly shows?: unknown;
  /** Tidies up, and may find that there is nothing to tidy. */
  readonly mayFail?: boolean;
};

/** How the steps of one transcript are compared. */
export type Plan = {
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
/** The whole answer but what stands at some paths. */
export function but(...ignore: readonly RegExp[]): Extract<Comparison, { kind: 'whole' }> {
  return { kind: 'whole', ignore };
}

/** All but uid and version. */
export const onlyIdentity = [/^\.(?!metadata)/, /^\.metadata\.(?!uid$|resourceVersion$)/];
/** What the recording left out of long lists. */
export const trimmed = [/\.spec$/, /\.managedFields$/, /\.continue$/];
const seconds = [/Timestamp$/, /\.time$/, /\.continue$/];
/** What columns say about themselves. */
export const columnText = /\.columnDefinitions\[\d+\]\.description$/;

/** Our CRDs are slim: they describe columns in their own words, and declare labels as what they are. */
export const slimness = realCrds === undefined ? [columnText, /\.f:labels\.\.$/] : [];
const wholeButText = but(...slimness);

/** All that is replayed, and how. */
export const plans: readonly Plan[] = [
  {
    file: '101',
    whole: '',
    inPart: [
      { steps: '0', why: 'release', comparison: but(/^\.(git|build|go|compiler|platform)/) },
      { steps: '1-2', why: 'discovery', comparison: served },
      { steps: '3-4', why: 'discovery', comparison: reachable },
    ],
  },
  {
    file: '201',
    whole: '1, 3-18, 20-21, 23-41, 66-69, 74-79, 80, 82, 84, 86, 89, 91',
    realCrds: '54-65, 70-72',
    inPart: [
      { steps: '0, 2, 87, 90', why: 'openapi', comparison: reachable },
      { steps: '42-43', why: 'discovery', comparison: reachable },
      { steps: '46, 73', why: 'rows', comparison: but(columnText, /^\.rows$/, /^\.metadata\./) },
    ],
    leftOut: [
      { steps: '19, 22', why: 'protobuf' },
      { steps: '44-45, 47-53', why: 'kinds' },
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
    whole: '1-13, 15-22, 25-27, 30-31, 33-36, 39-40',
    inPart: [{ steps: '24, 38', why: 'columnText', comparison: but(columnText) }],
    aside: [
      { before: 24, request: postAutoscaler('v1', { targetCPUUtilizationPercentage: 50 }) },
      { before: 38, request: postAutoscaler('v2', { metrics: [halfOfCpu] }) },
    ],
  },
  {
    file: '102',
    whole: '',
    inPart: [
      { steps: '0', why: 'release', comparison: but(/^\.(git|build|go|compiler|platform)/) },
      { steps: '1-2', why: 'discovery', comparison: served },
    ],
  },
  {
    file: '103',
    whole: '0, 3-5, 8-9, 11-13, 16-17, 19-24, 26',
    inPart: [
      { steps: '1-2, 6-7, 15, 18', why: 'discovery', comparison: served },
      { steps: '10', why: 'release', comparison: but(/^\.(git|build|go|compiler|platform)/) },
      { steps: '14', why: 'checks', comparison: reachable },
    ],
    leftOut: [{ steps: '25', why: 'protobuf' }],
  },
  { file: '204', whole: '1, 3, 5, 7, 9, 11-14, 16-33' },
  {
    file: '207',
    whole: '0, 2-3, 5, 7, 10-12, 14, 17-21, 23-51',
    inPart: [
      { steps: '1, 6, 13, 22', why: 'keys', comparison: but(/ownerReferences\.k:/) },
      // While kubectl looks, the collector works: how far it is depends on the machine.
      { steps: '4, 8-9, 15-16', why: 'pace', comparison: { kind: 'asked' } },
    ],
    aside: [
      { before: 39, request: post(watched('d1', { x: 'y' })), shownBy: { step: 39, item: 0 } },
      { before: 39, request: post(watched('d2', { x: 'y' })), shownBy: { step: 39, item: 1 } },
      { before: 45, request: post(watched('d1')) },
      { before: 47, request: post(watched('d1')) },
      { before: 49, request: post(watched('d1')) },
    ],
  },
  {
    file: '208',
    whole: '0-20',
    aside: [{ before: 0, request: post(watched('wp', {})), shownBy: { step: 0 } }],
  },
  {
    file: '209',
    whole: '0-36, 38-43, 47-49',
    inPart: [
      { steps: '37', why: 'rows', comparison: but(columnText, /^\.rows$/, /^\.metadata\./) },
      { steps: '44-46', why: 'pace', comparison: { kind: 'asked' } },
    ],
  },
  {
    file: '210',
    whole: '0-5, 7-8, 10',
    inPart: [{ steps: '6', why: 'columnText', comparison: but(columnText) }],
    leftOut: [{ steps: '9', why: 'eventsGroup' }],
  },
  {
    file: '302',
    whole: '0-9, 12-13, 15-26, 31, 34-54, 57-70',
    realCrds: '10-11, 27-30',
    inPart: [
      { steps: '14', why: 'order', comparison: but(/^\.(message|details\.causes)/) },
      { steps: '55-56', why: 'random', comparison: but(/^\.(message|details\.(name|causes))/) },
    ],
    leftOut: [{ steps: '32-33', why: 'duplicates' }],
    aside: [
      ...[3, 5, 47].map((before) => ({ before, request: remove('bad') })),
      // The collector may have been there first: the owner does not exist.
      { before: 54, request: remove('bad'), mayFail: true },
      { before: 47, request: patch('bad', { metadata: { finalizers: null } }), mayFail: true },
      ...[28, 30, 31].map((before) => ({ before, request: remove('unk'), mayFail: true })),
      { before: 41, request: remove('a'.repeat(253)), mayFail: true },
      { before: 34, request: post(dup), shownBy: { step: 33 } },
      { before: 68, request: postNamespace('term') },
      { before: 68, request: postHeld('term') },
      { before: 68, request: { ...remove(''), path: '/api/v1/namespaces/term' } },
    ],
  },
  { file: '303', whole: '0-51' },
  {
    file: '304',
    whole: '0-1, 7-11, 13-14, 18-19, 21, 27, 31-32, 35-36, 40-42, 44-45, 47-48, 51-52',
    inPart: [
      {
        steps: '2-6, 15-17, 20, 22-24, 28-30, 33-34, 37-39, 43, 49',
        why: 'trimmed',
        comparison: but(columnText, ...trimmed),
      },
      { steps: '12', why: 'bare', comparison: but(/^\.(kind|apiVersion)$/) },
      { steps: '46', why: 'columnText', comparison: but(columnText) },
      { steps: '25-26, 50', why: 'compaction', comparison: { kind: 'asked' } },
    ],
    aside: [
      ...['1', '0', '1', '0', '1'].map((odd, index) => ({
        before: 2,
        request: post(watched(`l${index + 1}`, { odd })),
        shownBy: { step: 2, item: index },
      })),
      { before: 16, request: post(watched('l9', {})), shownBy: { step: 20, item: 5 } },
      { before: 27, request: patch('l9', { spec: { replicas: 2 } }) },
      ...['l1', 'l2', 'l3', 'l4', 'l5', 'l9'].map((name) => ({
        before: 51,
        request: remove(name),
      })),
    ],
  },
  {
    file: '305',
    whole: '0, 2-4, 7-9, 12, 17-18, 25-27, 29-30',
    inPart: [
      { steps: '10, 13-16, 19, 21-24, 28, 31', why: 'seconds', comparison: but(...seconds) },
      { steps: '1', why: 'seconds', comparison: but(/^\.message$/) },
      { steps: '11, 20, 32', why: 'pace', comparison: { kind: 'asked' } },
    ],
    leftOut: [{ steps: '5-6', why: 'decoding' }],
    aside: [
      { before: 0, request: post(watched('x1', { g: '1' })) },
      {
        before: 7,
        request: post(watched('x1', { g: '1' })),
        shows: { metadata: { uid: '<uid:11>', resourceVersion: '<rv:1>' } },
      },
      { before: 9, request: post(watched('x2', { g: '1' })) },
      { before: 10, request: post(watched('x2', { g: '1' })) },
      { before: 12, request: post(watched('x3', { g: '1' })) },
      { before: 13, request: post(watched('x4', { g: '1' }, ['example.com/f'])) },
      ...['c1', 'c2'].map((name) => ({ before: 21, request: post(watched(name, { g: '1' })) })),
      { before: 21, request: post(watched('c3', { g: '1' }, ['example.com/f'])) },
      { before: 28, request: post(watched('c5', { g: '1' })) },
      { before: 29, request: post(watched('c6', { g: '1' })) },
      { before: 30, request: post(watched('c7', { g: '1' })) },
      { before: 31, request: postClaim('pvc') },
    ],
  },
  {
    file: '301',
    whole: '0-30, 32, 34-56',
    inPart: [{ steps: '31', why: 'yaml', comparison: reachable }],
    leftOut: [
      { steps: '33', why: 'protobuf' },
      { steps: '57-58', why: 'credentials' },
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

/**
 * What needs no list: documents of OpenAPI, which hold our schemas; bodies of protobuf, which the
 * recording does not keep; and commands for which kubectl sent nothing.
 */
export function commonComparison({ request, response }: Step): Comparison | 'left out' | undefined {
  if (request === undefined) return 'left out';
  const isBinary = (body: unknown): boolean => isRecord(body) && '_binary' in body;
  if (isBinary(request.body) || request.path.startsWith('/openapi/v2')) return 'left out';
  if (request.path.startsWith('/openapi/v3') || isBinary(response?.body)) return reachable;
  return undefined;
}

/** The comparison of each step that is in a list, or needs none. */
export function comparisonsOf(
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
    ...common,
    ...stepNumbers(plan.realCrds ?? '').map((index) => [index, needsCrds] as const),
    ...(plan.inPart ?? []).flatMap(({ steps, comparison }) =>
      stepNumbers(steps).map((index) => [index, comparison] as const),
    ),
    ...(plan.leftOut ?? []).flatMap(({ steps }) =>
      stepNumbers(steps).map((index) => [index, 'left out'] as const),
    ),
  ]);
}

/** Transcripts that follow one another on the same server, together. */
export function chains(
  all: readonly Plan[],
): readonly { readonly name: string; readonly chain: readonly Plan[] }[] {
  const heads = all.filter(({ after }) => after === undefined);
  return heads.map((head) => {
    const chain = [head, ...all.filter(({ after }) => after === head.file)];
    return { name: chain.map(({ file }) => file).join(' and '), chain };
  });
}
