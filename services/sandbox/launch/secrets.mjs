import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Secrets are made once and kept in files that only the owner of the data folder can read. */
export function makeSecrets(paths) {
  const passwordsFile = join(paths.secrets, 'db-passwords.json');
  const passwords = kept(passwordsFile, () =>
    JSON.stringify({ recorder: random(), reader: random(), executor: random() }),
  );
  const digestKeyFile = join(paths.secrets, 'digest-key');
  kept(digestKeyFile, () => random(32));
  return {
    natsPassword: kept(join(paths.secrets, 'nats-password'), random),
    databasePassword: kept(join(paths.secrets, 'postgres-password'), random),
    rolePasswords: JSON.parse(passwords),
    rolePasswordsFile: passwordsFile,
    digestKeyFile,
  };
}

function kept(file, make) {
  if (!existsSync(file)) writePrivate(file, make());
  return readFileSync(file, 'utf8').trim();
}

/** Written aside and renamed, so that nobody reads half of it. */
export function writePrivate(file, text) {
  writeFileSync(`${file}.new`, `${text}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

function random(bytes = 24) {
  return randomBytes(bytes).toString('hex');
}
