import { fileURLToPath } from 'node:url';

import { isRecord } from '#shared/lib/canonical.ts';
import { loadCrds } from '../schema/load-crds.ts';
import type { Store } from '../store/types.ts';

const folder = fileURLToPath(new URL('../../../deploy/components/webhook', import.meta.url));
const kind = 'ValidatingWebhookConfiguration';

/**
 * Registers Rollcall's own webhook as its component does on a real cluster; what an earlier start has
 * registered is brought up to date. Its authority is filled in elsewhere: services are reached here by
 * the addresses that the sandbox is given.
 */
export function registerDeployedWebhook(store: Store): void {
  const found = loadCrds(folder).filter(isRecord);
  for (const object of found) if (object['kind'] === kind) register(store, object);
}

function register(store: Store, object: Readonly<Record<string, unknown>>): void {
  const metadata = isRecord(object['metadata']) ? object['metadata'] : {};
  const name = String(metadata['name']);
  const at = {
    resource: {
      group: 'admissionregistration.k8s.io',
      version: 'v1',
      plural: 'validatingwebhookconfigurations',
    },
    namespace: '',
    caller: { user: 'system:sandbox', groups: ['system:masters'] },
  };
  const write = { ...at, fieldManager: 'rollcall-sandbox' };
  const known = store.handle({ ...at, verb: 'get', name });
  const old = isRecord(known.body) && isRecord(known.body['metadata']) && known.body['metadata'];
  const { resourceVersion } = old || {};
  const done =
    known.code === 200
      ? store.handle({
          ...write,
          verb: 'update',
          name,
          body: { ...object, metadata: { ...metadata, resourceVersion } },
        })
      : store.handle({ ...write, verb: 'create', body: object });
  if (done.code < 300) return;
  throw new Error(`registering ${name}: ${JSON.stringify(done.body)}`);
}
