import { randomUUID } from 'node:crypto';

import { isRecord } from '#shared/lib/canonical.ts';
import { badRequest } from '../store/failures.ts';
import type { Failure } from '../store/failures.ts';
import { readAll, readOne } from '../store/read-all.ts';
import type { Caller, KubeObject, Store } from '../store/types.ts';
import { callWebhook, WebhookCallError } from './call-webhook.ts';
import type { ServiceAddresses } from './call-webhook.ts';
import { matchedVersion } from './match.ts';
import type { Occasion } from './match.ts';
import { callFailure, denial, InvalidAnswer, readAnswer, reviewOf } from './review.ts';
import type { Draft } from './review.ts';
import { webhooksOf } from './webhooks.ts';
import type { Webhook } from './webhooks.ts';

export type AdmissionParts = { readonly store: Store; readonly services: ServiceAddresses };

export type Asked = {
  readonly caller: Caller;
  readonly dryRun: boolean;
  readonly options: Readonly<Record<string, unknown>>;
};

export type AdmissionVerdict =
  | { readonly kind: 'admitted'; readonly warnings: readonly string[] }
  | { readonly kind: 'denied'; readonly status: Failure; readonly warnings: readonly string[] };

/** The validating webhooks of a cluster. */
export interface Admission {
  /** Whether any webhook may want to see such a write; most writes concern none. */
  concerns(occasion: Occasion): boolean;
  /** Asks all webhooks that a write concerns, at the same time. */
  review(draft: Draft, asked: Asked): Promise<AdmissionVerdict>;
}

const configurations = {
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  plural: 'validatingwebhookconfigurations',
};

export function openAdmission({ store, services }: AdmissionParts): Admission {
  let known: readonly Webhook[] | undefined;
  store.subscribe(({ definition }) => {
    if (definition.group === configurations.group) known = undefined;
  });
  const webhooks = () => (known ??= readAll(store, configurations).flatMap(webhooksOf));
  /** Webhooks cannot stop their own configuration from being mended. */
  const concerned = (occasion: Occasion): readonly Concerned[] => {
    if (occasion.definition.group === configurations.group) return [];
    return webhooks().flatMap((webhook) => {
      const version = matchedVersion(webhook, occasion);
      return version === undefined ? [] : [{ webhook, version }];
    });
  };
  return {
    concerns: (occasion) => concerned(occasion).length > 0,
    async review(draft, asked) {
      const selected = concerned(draft).filter(({ webhook }) => selects(store, webhook, draft));
      const outcomes = await Promise.all(
        selected.map((one) => ask({ store, services }, one, { draft, asked })),
      );
      const warnings = outcomes.flatMap((outcome) => outcome.warnings);
      const refused = outcomes.find(({ status }) => status !== undefined)?.status;
      if (refused === undefined) return { kind: 'admitted', warnings };
      return { kind: 'denied', status: refused, warnings };
    },
  };
}

type Concerned = { readonly webhook: Webhook; readonly version: string };
type Outcome = { readonly warnings: readonly string[]; readonly status?: Failure };

async function ask(
  { store, services }: AdmissionParts,
  { webhook, version }: Concerned,
  { draft, asked }: { readonly draft: Draft; readonly asked: Asked },
): Promise<Outcome> {
  const { name } = webhook;
  if (asked.dryRun && !webhook.dryRuns) {
    const text = `admission webhook ${JSON.stringify(name)} does not support dry run`;
    return { warnings: [], status: badRequest(text) };
  }
  const uid = randomUUID();
  const convert = (object: unknown, wanted: string): unknown =>
    isObject(object) ? store.inVersion(object, wanted) : object;
  const body = JSON.stringify(reviewOf(draft, { ...asked, uid, version, convert }));
  try {
    const answer = readAnswer(await callWebhook(webhook, services, body), uid);
    const { allowed, warnings } = answer;
    return allowed ? { warnings } : { warnings, status: denial(name, answer) };
  } catch (error) {
    const why = problemOf(error);
    return webhook.ignoresFailure
      ? { warnings: [] }
      : { warnings: [], status: callFailure(name, why) };
  }
}

/** What went wrong with the webhook; everything else is our own fault and goes on. */
function problemOf(error: unknown): string {
  if (error instanceof InvalidAnswer) return error.message;
  if (error instanceof WebhookCallError) return `failed to call webhook: ${error.message}`;
  throw error;
}

function selects(store: Store, webhook: Webhook, draft: Draft): boolean {
  const { namespace, definition, object, oldObject } = draft;
  const isNamespace = definition.group === '' && definition.plural === 'namespaces';
  const labels = isNamespace
    ? labelsOf(object ?? oldObject)
    : labelsOf(
        namespace === ''
          ? undefined
          : readOne(store, namespaces, { namespace: '', name: namespace }),
      );
  const isPlaced = isNamespace || namespace !== '';
  if (isPlaced && !webhook.inNamespace(labels)) return false;
  return [object, oldObject]
    .filter((one) => one !== undefined)
    .some((one) => webhook.ofObject(labelsOf(one)));
}

const namespaces = { group: '', version: 'v1', plural: 'namespaces' };

function labelsOf(object: unknown): Readonly<Record<string, string>> {
  return isObject(object) ? (object.metadata.labels ?? {}) : {};
}

function isObject(value: unknown): value is KubeObject {
  return isRecord(value) && isRecord(value['metadata']);
}
