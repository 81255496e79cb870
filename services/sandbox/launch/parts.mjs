import { join } from 'node:path';
import { cleanEnvironment, forPinnedNode } from './environment.mjs';
import { natsCommand, natsIsReady, natsUrl } from './nats-server.mjs';
import { repo } from './paths.mjs';
import { postgresCommand, postgresIsReady } from './postgres-server.mjs';
import { sandboxIsReady } from './sandbox-ready.mjs';

/**
 * Everything that runs, in order. A part starts when those in `after` are ready, and stops before they
 * do. One that runs `once` must end well before the next begins; `for` leaves a part out where someone
 * else runs it. `env` names the groups of settings that it gets, and no other.
 */
const table = [
  { name: 'nats', for: 'embeddedNats', after: [], env: [] },
  { name: 'postgres', for: 'embeddedPostgres', after: [], env: [] },
  { name: 'sandbox', for: 'sandbox', after: [], env: ['sandbox'] },
  {
    name: 'migrations',
    entry: 'migrations/main.ts',
    once: true,
    after: ['postgres'],
    env: ['owner'],
  },
  {
    name: 'provision',
    entry: 'migrations/provision.ts',
    once: true,
    after: ['nats'],
    env: ['log'],
  },
  { name: 'recorder', after: ['migrations', 'provision'], env: ['log', 'recorder'] },
  { name: 'reconciler', after: ['provision'], env: ['log', 'mode'] },
  {
    name: 'executor',
    after: ['migrations', 'provision', 'sandbox'],
    env: ['log', 'cluster', 'mode', 'digest', 'executor'],
  },
  { name: 'watcher', after: ['provision', 'sandbox'], env: ['log', 'cluster', 'mode', 'digest'] },
  {
    name: 'gateway',
    after: ['migrations', 'provision', 'sandbox'],
    env: ['log', 'cluster', 'gateway'],
  },
];

/** The table for one run: parts that are not needed are gone, commands and environments filled in. */
export function partsOf(run) {
  const needed = table.filter((part) => part.for === undefined || run.uses[part.for]);
  const names = new Set(needed.map((part) => part.name));
  const base = forPinnedNode(cleanEnvironment(process.env), run.node);
  return needed.map((part) => ({
    name: part.name,
    once: part.once === true,
    after: part.after.filter((name) => names.has(name)),
    command: commandOf(part, run),
    env: Object.assign(
      { ...base },
      ...part.env.map((group) => environmentGroups(run, part.name)[group]),
    ),
    ready: readinessOf(part.name, run),
  }));
}

function environmentGroups(run, name) {
  const { paths, ports, secrets } = run;
  return {
    log: { NATS_URL: brokerUrl(run, name), NATS_MONITOR_URL: run.natsMonitorUrl },
    cluster: {
      // In the sandbox each service has a user of its own, as it has a service account elsewhere.
      ROLLCALL_KUBECONFIG: run.options.kubeconfig ?? join(paths.sandbox, `kubeconfig-${name}`),
      ...(run.options.context === undefined ? {} : { ROLLCALL_KUBE_CONTEXT: run.options.context }),
    },
    mode: {
      ROLLCALL_MODE: run.options.mode,
      ROLLCALL_KUBEVIRT_CONTROLLERS: run.options.kubevirtControllers,
    },
    digest: { ROLLCALL_DIGEST_KEY_FILE: secrets.digestKeyFile },
    owner: { DATABASE_URL: run.databaseUrl, ROLLCALL_DB_PASSWORDS_FILE: secrets.rolePasswordsFile },
    recorder: { DATABASE_URL: roleUrl(run, 'recorder') },
    executor: { DATABASE_URL: roleUrl(run, 'executor') },
    gateway: {
      DATABASE_URL: roleUrl(run, 'gateway'),
      ROLLCALL_GATEWAY_LISTEN: `127.0.0.1:${ports.gateway}`,
      ROLLCALL_AUDIT_TOKEN_FILE: secrets.auditTokenFile,
      ROLLCALL_KUBEVIRT_CONTROLLERS: run.options.kubevirtControllers,
    },
    sandbox: {
      // The webhook of deploy/components/webhook calls this service of the cluster.
      ROLLCALL_SANDBOX_SERVICES: `rollcall-system/gateway=${gatewayUrl(run)}`,
      ROLLCALL_SANDBOX_AUDIT_URL: `${gatewayUrl(run)}/hooks/audit`,
      ROLLCALL_SANDBOX_AUDIT_TOKEN_FILE: secrets.auditTokenFile,
      ROLLCALL_SANDBOX_DIR: paths.sandbox,
      ROLLCALL_SANDBOX_PORT: `${ports.sandbox}`,
      ROLLCALL_SANDBOX_KUBECONFIG: paths.kubeconfig,
      ROLLCALL_SANDBOX_AUTHORIZATION: 'RBAC',
    },
  };
}

/** The broker as one of its users; a broker that somebody else runs is entered as its address says. */
export function brokerUrl(run, user) {
  const { natsUrl: given, ports, secrets } = run;
  return given ?? natsUrl({ user, password: secrets.natsPasswords[user], port: ports.nats });
}

/** Where people and the API server's audit webhook reach the gateway. */
export function gatewayUrl({ ports }) {
  return `http://127.0.0.1:${ports.gateway}`;
}

/** The same database, entered as one of the service's roles. */
export function roleUrl(run, role) {
  const url = new URL(run.databaseUrl);
  url.username = `rollcall_${role}`;
  url.password = run.secrets.rolePasswords[role];
  return url.href;
}

function commandOf(part, run) {
  const { paths, ports, secrets } = run;
  switch (part.name) {
    case 'nats':
      return natsCommand({
        binary: run.nats,
        folder: paths.nats,
        port: ports.nats,
        monitorPort: ports.natsMonitor,
        passwords: secrets.natsPasswords,
        cluster: process.env.ROLLCALL_CLUSTER,
        trace: process.env.ROLLCALL_NATS_TRACE === '1',
      });
    case 'postgres':
      return postgresCommand({ ...run.postgres, port: ports.postgres, durable: true });
    default: {
      const entry = part.entry ?? `services/${part.name}/main.ts`;
      return { file: run.node, args: [join(repo, entry)], cwd: repo };
    }
  }
}

function readinessOf(name, run) {
  switch (name) {
    case 'nats':
      return () => natsIsReady(run.natsMonitorUrl);
    case 'postgres':
      return (pid) => postgresIsReady(run.postgres.folder, pid);
    case 'sandbox':
      return () => sandboxIsReady(run.paths.kubeconfig);
    default:
      return undefined; // A service logs a line with the message "ready".
  }
}
