import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { isRecord } from '#shared/lib/canonical.ts';

/* What a real API server wrote into its audit log, and what of it the sandbox does not post, on purpose. */

export type AuditFields = Readonly<Record<string, unknown>>;

/** The audit events of a recording, in the order in which they were written. */
export async function readAuditEvents(
  folder: string,
  number: string,
): Promise<readonly AuditFields[]> {
  const names = await readdir(folder);
  const name = names.find((file) => file.startsWith(`${number}-`) && file.endsWith('.jsonl'));
  if (name === undefined) throw new Error(`no audit events ${number} in ${folder}`);
  const text = await readFile(join(folder, name), 'utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line): unknown => JSON.parse(line))
    .flatMap((line) => (isRecord(line) && isRecord(line['event']) ? [line['event']] : []));
}

/** Why an event, or a part of one, is not posted as it was recorded. */
const reasons = {
  stages:
    'the policy of deploy/audit omits all stages but the last, so also requests of nobody (401)',
  reads: 'the policy of deploy/audit keeps no reads and no watches',
  inside: 'collector and claim protection of the sandbox do not come over HTTP and are not audited',
  status: 'the bodies of a write of status are left out: controllers write it all day',
  managedFields: 'the policy of deploy/audit omits managed fields',
  admin: 'the admin of the sandbox has another name, and no uid',
  bindings: 'two bindings allowed it, and the recorded server found now one first, now the other',
  zeroes: 'a built-in kind is told as it was sent, without the empty status that Go adds',
} as const;

type Reason = keyof typeof reasons;

/** The reason for which an event is not posted at all; undefined for one that must come. */
export function leftOutOf(event: AuditFields): Reason | undefined {
  if (event['stage'] !== 'ResponseComplete') return 'stages';
  if (['get', 'list', 'watch'].includes(String(event['verb']))) return 'reads';
  return String(event['userAgent']).startsWith('kube-controller-manager/v0.0.0')
    ? 'inside'
    : undefined;
}

type Part = {
  readonly why: Reason;
  readonly of: (event: AuditFields) => boolean;
  readonly ignore: readonly RegExp[];
};

const parts: readonly Part[] = [
  { why: 'managedFields', of: () => true, ignore: [/\.managedFields$/] },
  {
    why: 'admin',
    of: ({ user }) => isRecord(user) && user['username'] === 'token-admin',
    ignore: [/^\.user\.(username|uid)$/],
  },
  {
    why: 'status',
    of: ({ objectRef }) => isRecord(objectRef) && objectRef['subresource'] === 'status',
    ignore: [/^\.(level|requestObject|responseObject)$/],
  },
  {
    why: 'zeroes',
    of: ({ objectRef }) =>
      isRecord(objectRef) && objectRef['resource'] === 'horizontalpodautoscalers',
    ignore: [/^\.requestObject\.status$/],
  },
  {
    why: 'bindings',
    of: ({ annotations }) => JSON.stringify(annotations ?? {}).includes('system:controller:'),
    ignore: [/^\.annotations\.authorization\.k8s\.io\/reason$/],
  },
];

/** The paths of an event that are not compared. */
export function notCompared(event: AuditFields): readonly RegExp[] {
  return parts.filter(({ of }) => of(event)).flatMap(({ ignore }) => ignore);
}
