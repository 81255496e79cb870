import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';

/*
 * Makes the secret files that docker-compose.yml and the manifests mount, one folder for each service, and
 * keeps those that are there:
 *   node deploy/docker/make-secrets.mjs
 *   node deploy/docker/make-secrets.mjs --nats HOST:PORT --postgres HOST:PORT --out FOLDER
 */
const { values } = parseArgs({
  options: {
    nats: { type: 'string', default: 'nats:4222' },
    postgres: { type: 'string', default: 'postgres:5432' },
    database: { type: 'string', default: 'rollcall' },
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

for (const user of brokerUsers) {
  write(`${user}/nats-url`, `nats://${user}:${password(`nats-${user}`)}@${values.nats}`);
}
for (const [service, role] of Object.entries(databaseRoles)) {
  write(`${service}/database-url`, databaseUrl(`rollcall_${role}`, password(`database-${role}`)));
}
write('migrate/database-url', databaseUrl('postgres', password('database-owner')));
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

function databaseUrl(user, secret) {
  return `postgres://${user}:${secret}@${values.postgres}/${values.database}`;
}

function kept(name, make) {
  const file = join(values.out, name);
  if (!existsSync(file)) write(name, make());
  return readFileSync(file, 'utf8').trim();
}

function write(name, text) {
  const file = join(values.out, name);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(file, `${text}\n`, { mode: 0o600 });
}
