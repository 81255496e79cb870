import { createServer } from 'node:https';
import { text as readText } from 'node:stream/consumers';

import { isRecord } from '#shared/lib/canonical.ts';
import { makeCredentials } from '../../services/sandbox/http/certificates.ts';
import type { RecordedRequest } from './transcripts.ts';

/** What a webhook answers to its next review; the uid of the review is put in. */
export type WebhookReply =
  | { readonly kind: 'review'; readonly response: Readonly<Record<string, unknown>> }
  | { readonly kind: 'raw'; readonly code: number; readonly text: string };

/** A webhook that answers reviews in the order of a recording, and remembers them. */
export interface RecordedWebhook extends AsyncDisposable {
  readonly heard: readonly unknown[];
  /** The request that makes its configuration. */
  readonly configuration: RecordedRequest;
}

export async function startRecordedWebhook(
  replies: readonly WebhookReply[],
): Promise<RecordedWebhook> {
  const { authority, certificate, key } = makeCredentials(new Date());
  const heard: unknown[] = [];
  const server = createServer({ cert: certificate, key }, (request, response) => {
    readText(request)
      .then((text) => {
        const review: unknown = JSON.parse(text);
        const reply = replies[heard.length];
        heard.push(review);
        const asked = isRecord(review) && isRecord(review['request']) ? review['request'] : {};
        response.statusCode = reply?.kind === 'raw' ? reply.code : 200;
        response.end(
          reply?.kind === 'raw' ? reply.text : answerText(reply?.response, asked['uid']),
        );
      })
      .catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  return {
    heard,
    configuration: configurationOf(`https://127.0.0.1:${port}`, authority),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** An answer to another review keeps the uid that it was recorded with. */
function answerText(response: Readonly<Record<string, unknown>> = {}, uid: unknown): string {
  const own = response['uid'] === 'x' ? response : { ...response, uid };
  const kind = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview' };
  return JSON.stringify({ ...kind, response: own });
}

function configurationOf(base: string, authority: string): RecordedRequest {
  const caBundle = Buffer.from(authority).toString('base64');
  const hook = (name: string, rule: Readonly<Record<string, unknown>>) => ({
    name: `${name}.example.com`,
    admissionReviewVersions: ['v1'],
    sideEffects: 'None',
    timeoutSeconds: 2,
    clientConfig: { url: `${base}/${name}`, caBundle },
    rules: [rule],
  });
  const pools = { apiGroups: ['pool.kubevirt.io'], apiVersions: ['v1beta1'], operations: ['*'] };
  const claims = { apiGroups: [''], apiVersions: ['v1'], operations: ['DELETE'] };
  return {
    method: 'POST',
    path: '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations',
    headers: { 'content-type': 'application/json' },
    body: {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingWebhookConfiguration',
      metadata: { name: 'recorded' },
      webhooks: [
        hook('pools', { ...pools, resources: ['virtualmachinepools'] }),
        hook('scale', { ...pools, resources: ['virtualmachinepools/scale'] }),
        hook('status', { ...pools, resources: ['virtualmachinepools/status'] }),
        hook('pvc', { ...claims, resources: ['persistentvolumeclaims'] }),
      ],
    },
  };
}
