import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { isRecord } from '#shared/lib/canonical.ts';
import type { Logger } from '#shared/process/logger.ts';
import type { AuthorizationMode } from './access/authorizer.ts';
import { registerDeployedWebhook } from './admission/deployed-webhook.ts';
import { grantDeployedRights } from './access/deployed-rights.ts';
import { makeDefaultRoles } from './access/default-roles.ts';
import { metricsApis, startControllers } from './controllers.ts';
import type { ControllerOptions } from './controllers.ts';
import type { ServiceAddresses } from './admission/call-webhook.ts';
import type { AggregatedApi } from './http/aggregated.ts';
import type { Audit } from './http/audit-trail.ts';
import { clientCertificate, loadCredentials } from './http/certificates.ts';
import type { ClientCertificate } from './http/certificates.ts';
import { kubeconfigText } from './http/kubeconfig.ts';
import { writePrivateFile } from './http/private-file.ts';
import { openApiServer } from './http/server.ts';
import { loadUsers } from './http/users.ts';
import type { TokenUser } from './http/users.ts';
import { builtinDefinitions } from './schema/builtin-kinds.ts';
import { checkObject } from './schema/check-object.ts';
import { definitionOfCrd } from './schema/crd-definition.ts';
import { loadCrds } from './schema/load-crds.ts';
import type { Settings } from './settings.ts';
import { createStore } from './store/create-store.ts';
import { openJournal } from './store/journal.ts';
import { selectorOf } from './store/selectors.ts';
import type { Caller, Clock, Store } from './store/types.ts';

export type SandboxOptions = Pick<Settings, 'folder' | 'port' | 'kubeconfig'> &
  Partial<Pick<Settings, 'keepsJournal'>> &
  Partial<ControllerOptions> & {
    /** AlwaysAllow when left out. */
    readonly authorization?: AuthorizationMode;
    /** APIs that are served beside the store's own, for instance metrics.k8s.io. */
    readonly aggregated?: (store: Store) => readonly AggregatedApi[];
    /** Told of each request and what becomes of it. */
    readonly audit?: Audit;
    /** Where webhooks reach services of the cluster: `namespace/name` → an address. */
    readonly webhookServices?: ServiceAddresses;
    /** A folder of CRD manifests in place of ours. */
    readonly crds?: string;
    /** Whether VMs come up and disks are bound; true when left out. */
    readonly controllers?: boolean;
    /** The machine's own when left out. */
    readonly clock?: Clock;
  };

/** A simulated cluster that runs; disposing it ends watches and leaves everything on disk. */
export interface Sandbox extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** PEM text of the authority that signed the server's certificate. */
  readonly authority: string;
  readonly users: readonly TokenUser[];
  /** A certificate with which a client is that user, for a kubeconfig. */
  readonly certify: (who: Pick<Caller, 'user' | 'groups'>) => ClientCertificate;
  /** Rejects when the journal can no longer be written. */
  readonly lost: Promise<never>;
}

const usualControllers: ControllerOptions = {
  pods: true,
  bare: false,
  hpaIntervalMs: 5_000,
  hpaDownscaleWindowMs: 300_000,
};

const systemClock: Clock = {
  now: () => Date.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

/** The service that Rollcall's own webhook calls. */
const gateway = 'rollcall-system/gateway';

/** Opens the data folder, serves what is in it, and writes the kubeconfigs when it can be reached. */
export async function openSandbox(options: SandboxOptions, log: Logger): Promise<Sandbox> {
  const { folder, port, clock = systemClock, keepsJournal: keepsAll = false } = options;
  await using cleanup = new AsyncDisposableStack();
  const journal = cleanup.use(await openJournal({ folder: join(folder, 'journal'), keepsAll }));
  const store = createStore({
    clock,
    uid: () => randomUUID(),
    chance: () => Math.random(),
    builtins: builtinDefinitions,
    checkObject,
    definitionOfCrd,
    restored: journal.restored,
    journal,
  });
  journal.attach(store);
  crdFolders(options.crds)
    .flatMap(loadCrds)
    .forEach((crd) => applyCrd(store, crd));
  makeDefaultRoles(store);
  const controllers = { ...usualControllers, ...options };
  // Where nothing but Kubernetes runs, Rollcall was never installed either.
  if (options.authorization === 'RBAC' && !controllers.bare) grantDeployedRights(store);
  if (options.webhookServices?.[gateway] !== undefined) registerDeployedWebhook(store);
  const lives = options.controllers !== false;
  const hasMetrics = lives && controllers.pods && !controllers.bare;
  if (lives) {
    const { audit } = options;
    cleanup.defer(startControllers({ store, clock, ...(audit && { audit }) }, controllers));
  }
  await journal.durable(store.resourceVersion);

  const credentials = await loadCredentials(join(folder, 'tls'), new Date(clock.now()));
  const users = await loadUsers(join(folder, 'tokens.json'));
  const server = cleanup.use(
    await openApiServer({
      store,
      durable: (resourceVersion) => journal.durable(resourceVersion),
      select: ({ definition }, selectors) => selectorOf(definition, selectors),
      clock,
      credentials,
      users,
      port,
      log,
      authorization: options.authorization ?? 'AlwaysAllow',
      usedRights: join(folder, 'used-rights.jsonl'),
      aggregated: options.aggregated?.(store) ?? (hasMetrics ? metricsApis(store, clock) : []),
      audit: options.audit,
      webhookServices: options.webhookServices,
    }),
  );
  const { url, lost } = server;
  await writeKubeconfigs({ ...options, url, authority: credentials.authority, users });
  const open = cleanup.move();
  return {
    url,
    port: server.port,
    authority: credentials.authority,
    users,
    certify: (who) => clientCertificate(credentials, who, new Date(clock.now())),
    lost,
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

function crdFolders(given: string | undefined): readonly string[] {
  if (given !== undefined) return [join(given, 'kubevirt'), join(given, 'cdi')];
  return ['../../deploy/crds', './crds'].map((path) =>
    fileURLToPath(new URL(path, import.meta.url)),
  );
}

const installer: Caller = { user: 'system:sandbox', groups: ['system:masters'] };

/** Makes a definition, or brings the one of an earlier start up to date; no change makes no write. */
function applyCrd(store: Store, crd: unknown): void {
  const metadata = isRecord(crd) && isRecord(crd['metadata']) ? crd['metadata'] : {};
  const name = typeof metadata['name'] === 'string' ? metadata['name'] : '';
  const where = {
    resource: { group: 'apiextensions.k8s.io', version: 'v1', plural: 'customresourcedefinitions' },
    namespace: '',
    caller: installer,
  };
  const write = { ...where, fieldManager: 'rollcall-sandbox' };
  const { body: known, code } = store.handle({ ...where, verb: 'get', name });
  const version = isRecord(known) && isRecord(known['metadata']) && known['metadata'];
  const done =
    code === 200 && version && isRecord(crd)
      ? store.handle({
          ...write,
          verb: 'update',
          name,
          body: {
            ...crd,
            metadata: { ...metadata, resourceVersion: version['resourceVersion'] },
          },
        })
      : store.handle({ ...write, verb: 'create', body: crd });
  if (done.code < 300) return;
  throw new Error(`installing the definition ${name}: ${JSON.stringify(done.body)}`);
}

type KubeconfigsToWrite = Pick<Settings, 'folder' | 'kubeconfig'> & {
  readonly url: string;
  readonly authority: string;
  readonly users: readonly TokenUser[];
};

async function writeKubeconfigs(facts: KubeconfigsToWrite): Promise<void> {
  const { folder, kubeconfig, url, authority, users } = facts;
  // The admin's last: whoever waits for it finds the others.
  for (const { name, token } of users.toReversed()) {
    const path = name === 'admin' ? kubeconfig : join(folder, `kubeconfig-${name}`);
    await writePrivateFile(path, kubeconfigText({ server: url, authority, user: name, token }));
  }
}
