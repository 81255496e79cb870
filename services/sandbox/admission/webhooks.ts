import { isRecord } from '#shared/lib/canonical.ts';
import { labelQuestion } from '../store/label-question.ts';
import type { KubeObject } from '../store/types.ts';

type Labels = Readonly<Record<string, string>>;

/** One webhook of a ValidatingWebhookConfiguration. */
export type Webhook = {
  readonly name: string;
  readonly rules: readonly WebhookRule[];
  readonly client: WebhookClient;
  readonly ignoresFailure: boolean;
  /** Other versions of a resource count as the one that a rule names. */
  readonly equivalent: boolean;
  readonly inNamespace: (labels: Labels) => boolean;
  readonly ofObject: (labels: Labels) => boolean;
  /** It may be called for a dry run. */
  readonly dryRuns: boolean;
  readonly timeoutSeconds: number;
};

export type WebhookRule = {
  readonly operations: readonly string[];
  readonly apiGroups: readonly string[];
  readonly apiVersions: readonly string[];
  readonly resources: readonly string[];
  readonly scope: string;
};

export type WebhookClient =
  | { readonly kind: 'url'; readonly url: string; readonly authority: string }
  | {
      readonly kind: 'service';
      readonly namespace: string;
      readonly name: string;
      readonly port: number;
      readonly path: string;
      readonly authority: string;
    };

type Fields = Readonly<Record<string, unknown>>;

export function webhooksOf(configuration: KubeObject): readonly Webhook[] {
  return recordsIn(configuration, 'webhooks').map((webhook) => ({
    name: textIn(webhook, 'name'),
    rules: recordsIn(webhook, 'rules').map((rule) => ({
      operations: textsIn(rule, 'operations'),
      apiGroups: textsIn(rule, 'apiGroups'),
      apiVersions: textsIn(rule, 'apiVersions'),
      resources: textsIn(rule, 'resources'),
      scope: textIn(rule, 'scope') || '*',
    })),
    client: clientOf(recordIn(webhook, 'clientConfig')),
    ignoresFailure: webhook['failurePolicy'] === 'Ignore',
    equivalent: webhook['matchPolicy'] !== 'Exact',
    inNamespace: labelQuestion(webhook['namespaceSelector']),
    ofObject: labelQuestion(webhook['objectSelector']),
    dryRuns: ['None', 'NoneOnDryRun'].includes(textIn(webhook, 'sideEffects')),
    timeoutSeconds: numberIn(webhook, 'timeoutSeconds') ?? 10,
  }));
}

function clientOf(config: Fields): WebhookClient {
  const authority = Buffer.from(textIn(config, 'caBundle'), 'base64').toString('utf8');
  const url = textIn(config, 'url');
  if (url !== '') return { kind: 'url', url, authority };
  const service = recordIn(config, 'service');
  return {
    kind: 'service',
    namespace: textIn(service, 'namespace'),
    name: textIn(service, 'name'),
    port: numberIn(service, 'port') ?? 443,
    path: textIn(service, 'path'),
    authority,
  };
}

function recordIn(record: Fields, field: string): Fields {
  const value = record[field];
  return isRecord(value) ? value : {};
}

function recordsIn(record: Fields, field: string): readonly Fields[] {
  const value = record[field];
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

function textIn(record: Fields, field: string): string {
  const value = record[field];
  return typeof value === 'string' ? value : '';
}

function numberIn(record: Fields, field: string): number | undefined {
  const value = record[field];
  return typeof value === 'number' ? value : undefined;
}

function textsIn(record: Fields, field: string): readonly string[] {
  const value = record[field];
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}
