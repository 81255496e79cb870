import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';

/*
 * Makes the secret files that docker-compose.yml and the manifests mount, one folder for each service, and
 * keeps those that are there:
 *   node deploy/docker/make-secrets.mjs
 *   node deploy/docker/make-secrets.mjs --nats HOST:PORT --postgres HOST:PORT --owner ROLE --out FOLDER
 * A secret is replaced by removing its file below `passwords/` (or the file itself, where it has no
 * password) and running this again.
 */
const { values } = parseArgs({
  options: {
    nats: { type: 'string', default: 'nats:4222' },
    postgres: { type: 'string', default: 'postgres:5432' },
    database: { type: 'string', default: 'rollcall' },
    /** Who migrates: `rollcall_owner` where deploy/postgres/database.sql has made the database. */
    owner: { type: 'string', default: 'postgres' },
    /** Where `npx rollcall` reaches both: what compose publishes, or `kubectl port-forward` opens. */
    'cli-nats': { type: 'string', default: '127.0.0.1:4222' },
    'cli-postgres': { type: 'string', default: '127.0.0.1:5432' },
    'cli-monitor': { type: 'string', default: '127.0.0.1:8222' },
    out: { type: 'string', default: '.rollcall-compose' },
  },
});

const brokerUsers = [
  'watcher',
  'reconciler',
  'executor',
  'recorder',
  'gateway',
  'cli',
  'provision',
];
/** By service, its role in the database. */
const databaseRoles = {
  recorder: 'recorder',
  executor: 'executor',
  gateway: 'gateway',
  cli: 'reader',
};

const password = (name) => kept(`passwords/${name}`, () => randomBytes(24).toString('hex'));

for (const user of brokerUsers) write(`${user}/nats-url`, natsUrl(user, values.nats));
for (const [service, role] of Object.entries(databaseRoles)) {
  write(`${service}/database-url`, databaseUrl(`rollcall_${role}`, password(`database-${role}`)));
}
write('migrate/database-url', databaseUrl(values.owner, password('database-owner')));
write(
  'cli/cli.json',
  JSON.stringify({
    databaseUrl: databaseUrl(
      'rollcall_reader',
      password('database-reader'),
      values['cli-postgres'],
    ),
    natsUrl: natsUrl('cli', values['cli-nats']),
    natsMonitorUrl: `http://${values['cli-monitor']}`,
    cluster: 'default',
  }),
);
write(
  'migrate/db-passwords.json',
  JSON.stringify(
    Object.fromEntries(
      Object.values(databaseRoles).map((role) => [role, password(`database-${role}`)]),
    ),
  ),
);
write('postgres/password', password('database-owner'));
write(
  'nats/passwords.conf',
  brokerUsers.map((user) => `${user}_password: "${password(`nats-${user}`)}"`).join('\n'),
);
kept('gateway/audit-token', () => randomBytes(32).toString('hex'));
kept('digest-key/digest-key', () => randomBytes(32).toString('hex'));
process.stdout.write(`the secrets are in ${values.out}\n`);

function natsUrl(user, address) {
  return `nats://${user}:${password(`nats-${user}`)}@${address}`;
}

function databaseUrl(user, secret, address = values.postgres) {
  return `postgres://${user}:${secret}@${address}/${values.database}`;
}

function kept(name, make) {
  const file = join(values.out, name);
  if (!existsSync(file)) write(name, make());
  return readFileSync(file, 'utf8').trim();
}

/**
 * Nobody else passes through the folders. The files themselves are open: compose mounts each as it is
 * into a container, whose user is not the one who runs this.
 */
function write(name, text) {
  const file = join(values.out, name);
  for (const folder of [values.out, dirname(file)]) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    chmodSync(folder, 0o700);
  }
  writeFileSync(file, `${text}\n`);
  chmodSync(file, 0o644);
}
