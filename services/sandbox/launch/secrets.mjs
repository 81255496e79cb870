import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { natsUsers } from './nats-server.mjs';

const databaseRoles = ['recorder', 'reader', 'executor', 'gateway'];

/** Secrets are made once and kept in files that only the owner of the data folder can read. */
export function makeSecrets(paths) {
  const passwordsFile = join(paths.secrets, 'db-passwords.json');
  const rolePasswords = keptFor(passwordsFile, databaseRoles);
  const digestKeyFile = join(paths.secrets, 'digest-key');
  kept(digestKeyFile, () => random(32));
  const auditTokenFile = join(paths.secrets, 'audit-token');
  kept(auditTokenFile, random);
  return {
    natsPasswords: keptFor(join(paths.secrets, 'nats-passwords.json'), natsUsers),
    databasePassword: kept(join(paths.secrets, 'postgres-password'), random),
    rolePasswords,
    rolePasswordsFile: passwordsFile,
    digestKeyFile,
    auditTokenFile,
  };
}

function kept(file, make) {
  if (!existsSync(file)) writePrivate(file, make());
  return readFileSync(file, 'utf8').trim();
}

/** One password for each name; who is new since an earlier start gets one too. */
function keptFor(file, names) {
  const known = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  const passwords = Object.fromEntries(names.map((name) => [name, known[name] ?? random()]));
  writePrivate(file, JSON.stringify(passwords));
  return passwords;
}

/** Written aside and renamed, so that nobody reads half of it. */
export function writePrivate(file, text) {
  writeFileSync(`${file}.new`, `${text}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

function random(bytes = 24) {
  return randomBytes(bytes).toString('hex');
}
