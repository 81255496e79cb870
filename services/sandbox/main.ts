import { once } from 'node:events';

import { parseSettings } from '#shared/process/parse-settings.ts';
import { runProcess } from '#shared/process/run-process.ts';
import { openSandbox } from './open-sandbox.ts';
import { settingsSchema } from './settings.ts';

await runProcess('sandbox', async ({ env, log, signal }) => {
  const settings = parseSettings(settingsSchema, env);
  await using sandbox = await openSandbox(settings, log);
  log.info({ url: sandbox.url, kubeconfig: settings.kubeconfig }, 'ready');
  const stopped = signal.aborted ? Promise.resolve() : once(signal, 'abort');
  await Promise.race([stopped, sandbox.lost]);
});
