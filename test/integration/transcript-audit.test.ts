import { expect, test } from 'vitest';

import { isRecord } from '#shared/lib/canonical.ts';
import { openTestSandbox, steppedClock } from '#test/support/test-sandbox.ts';
import type { TestSandbox } from '#test/support/test-sandbox.ts';
import { leftOutOf, notCompared, readAuditEvents } from '#test/support/transcript-audit.ts';
import type { AuditFields } from '#test/support/transcript-audit.ts';
import { apiClient } from '#test/support/transcript-client.ts';
import type { ApiClient } from '#test/support/transcript-client.ts';
import { but, columnText, commonComparison, slimness } from '#test/support/transcript-plans.ts';
import { startReplay } from '#test/support/transcript-replay.ts';
import type { Comparison } from '#test/support/transcript-replay.ts';
import { post, postAutoscaler, postClaim, watched } from '#test/support/transcript-requests.ts';
import { readTranscript } from '#test/support/transcripts.ts';
import type { RecordedRequest, Step } from '#test/support/transcripts.ts';
import { createAudit } from '../../services/sandbox/audit/create-audit.ts';

/**
 * Replays the requests of which a real API server wrote audit events, and holds the events that the sandbox
 * posts against them. They belong to a request by the id in the header of its answer. What is not posted,
 * or not in the same words, stands in test/support/transcript-audit.ts; an event more or less fails.
 */

const transcripts = process.env['ROLLCALL_TRANSCRIPTS'];
const realCrds = process.env['ROLLCALL_KUBEVIRT_CRDS'];

/** Without a token, and two watches: none of them is audited by our policy. */
const notSent = new Set([25, 27, 36]);

/** The objects of these were made in seconds that no step shows. */
const inOtherSeconds = new Set([32, 33, 34, 35]);
const seconds = [/Timestamp$/, /\.time$/];

const asides: ReadonlyMap<number, readonly RecordedRequest[]> = new Map([
  [31, [post(watched('a1', {})), post(watched('a2', {}))]],
  [33, [postClaim('ap')]],
]);

test('the sandbox posts the audit events of a real API server', async (context) => {
  if (transcripts === undefined) {
    return context.skip('left out: ROLLCALL_TRANSCRIPTS is not set');
  }
  const clock = steppedClock(Date.parse('2026-11-21T03:30:00Z'));
  const posted: unknown[] = [];
  const send = (event: unknown): void => void posted.push(JSON.parse(JSON.stringify(event)));
  const audit = createAudit({ send }, clock);
  const options = { controllers: false, authorization: 'RBAC', clock, audit } as const;
  await using sandbox = await openTestSandbox(
    realCrds === undefined ? options : { ...options, crds: realCrds },
  );
  using clients = await openClients(sandbox);
  const replay = startReplay(clients, clock.nextSecond);
  const recorded = await readAuditEvents(transcripts, '501');
  const awaited = new Set(recorded.filter((event) => leftOutOf(event) === undefined));
  const found: string[] = [];
  for (const step of await readTranscript(transcripts, '501')) {
    for (const aside of asides.get(step.index) ?? []) await clients.ask(aside);
    const sent = asSent(step);
    const comparison = comparisonOf(sent);
    if (comparison === 'left out') continue;
    await clock.settled();
    const differences = [...(await replay.step(sent, comparison))];
    const auditId = step.response?.headers['audit-id'];
    const expected = [...awaited].filter(({ auditID }) => auditID === auditId);
    expected.forEach((event) => awaited.delete(event));
    const own = posted.filter(isRecord).filter(({ auditID }) => auditID === clients.lastAuditId);
    const { ignore = [] } = comparison.kind === 'whole' ? comparison : {};
    differences.push(...comparedEvents(replay, expected, { own, ignore }));
    found.push(...differences.map((text) => `step ${step.index} ${step.command}: ${text}`));
  }
  expect(found).toEqual([]);
  expect([...awaited]).toEqual([]);
});

/** The recording holds a number of bytes for what kubectl sends as protobuf. */
function asSent(step: Step): Step {
  if (step.index !== 40 || step.request === undefined || step.response === undefined) return step;
  const { body } = postAutoscaler('v1', { targetCPUUtilizationPercentage: 80 });
  const { body: _, ...response } = step.response;
  const headers = { ...step.request.headers, 'content-type': 'application/json' };
  return { ...step, request: { ...step.request, headers, body }, response };
}

function comparisonOf(step: Step): Exclude<Comparison, { kind: 'served' }> | 'left out' {
  if (notSent.has(step.index)) return 'left out';
  const common = commonComparison(step);
  if (common === 'left out' || common?.kind === 'reachable') return common;
  const more = inOtherSeconds.has(step.index) ? seconds : [];
  return but(columnText, ...slimness, /ownerReferences\.k:/, ...more);
}

type Against = { readonly own: readonly AuditFields[]; readonly ignore: readonly RegExp[] };

function comparedEvents(
  replay: Pick<ReturnType<typeof startReplay>, 'differences'>,
  expected: readonly AuditFields[],
  { own, ignore }: Against,
): readonly string[] {
  if (own.length !== expected.length) {
    return [`${own.length} audit events came, not ${expected.length}`];
  }
  return expected.flatMap((event, index) =>
    replay
      .differences(event, own[index], [...notCompared(event), ...ignore])
      .map((text) => `audit event ${text}`),
  );
}

/** Sends as the admin, and what the autoscaler sent as the autoscaler. */
type Clients = ApiClient & {
  readonly ask: (request: RecordedRequest) => Promise<unknown>;
  /** Of the latest answer. */
  readonly lastAuditId: string | undefined;
};

async function openClients(sandbox: TestSandbox): Promise<Clients> {
  const admin = apiClient(sandbox);
  const ask = async ({ body, ...request }: RecordedRequest): Promise<unknown> => {
    const answer = await admin.send({ ...request, body: JSON.stringify(body) });
    if (answer.status < 300) return answer.body;
    throw new Error(`${request.method} ${request.path} was answered ${answer.status}`);
  };
  const autoscaler = apiClient({ ...sandbox, token: await autoscalersToken(ask) });
  let lastAuditId: string | undefined;
  const senderOf = (headers: Readonly<Record<string, string>>): ApiClient =>
    headers['user-agent']?.startsWith('kube-controller-manager/') === true ? autoscaler : admin;
  return {
    ask,
    get lastAuditId() {
      return lastAuditId;
    },
    async send(request) {
      const answer = await senderOf(request.headers).send(request);
      lastAuditId = answer.headers['audit-id'];
      return answer;
    },
    watch: (request) => admin.watch(request),
    [Symbol.dispose]() {
      admin[Symbol.dispose]();
      autoscaler[Symbol.dispose]();
    },
  };
}

/** Gives the autoscaler's account all rights by a binding that the recording had too. */
async function autoscalersToken(
  ask: (request: RecordedRequest) => Promise<unknown>,
): Promise<string> {
  const name = 'horizontal-pod-autoscaler';
  const accounts = '/api/v1/namespaces/kube-system/serviceaccounts';
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name } };
  await ask({ ...post(account), path: accounts });
  const group = 'rbac.authorization.k8s.io';
  const binding = {
    apiVersion: `${group}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name: 'tr-hpa' },
    roleRef: { apiGroup: group, kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ kind: 'ServiceAccount', name, namespace: 'kube-system' }],
  };
  await ask({ ...post(binding), path: `/apis/${group}/v1/clusterrolebindings` });
  const answer = await ask({ ...post({ spec: {} }), path: `${accounts}/${name}/token` });
  const status = isRecord(answer) && isRecord(answer['status']) ? answer['status'] : {};
  return String(status['token']);
}
