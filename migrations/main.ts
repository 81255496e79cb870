import { parseSettings } from '#shared/process/parse-settings.ts';
import { runProcess } from '#shared/process/run-process.ts';
import { openStore } from '#shared/store/open-store.ts';
import { migrate } from './migrate.ts';
import { readPasswords, setPasswords } from './passwords.ts';
import { migrationSettingsSchema } from './settings.ts';

/** Brings the database to the newest schema and gives the roles their passwords. Safe to run again. */
await runProcess('migrate', async ({ env, log }) => {
  const settings = parseSettings(migrationSettingsSchema, env);
  await using store = openStore({
    databaseUrl: settings.databaseUrl,
    name: 'rollcall-migrate',
    log,
  });
  const applied = await migrate(store.db);
  if (settings.passwordsFile !== undefined) {
    await setPasswords(store.db, await readPasswords(settings.passwordsFile));
  }
  log.info({ applied }, 'the database is up to date');
});
