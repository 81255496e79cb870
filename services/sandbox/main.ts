import { once } from 'node:events';

import { parseSettings } from '#shared/process/parse-settings.ts';
import { runProcess } from '#shared/process/run-process.ts';
import { openAudit } from './audit/open-audit.ts';
import { openSandbox } from './open-sandbox.ts';
import { settingsSchema } from './settings.ts';

await runProcess('sandbox', async ({ env, log, signal }) => {
  const settings = parseSettings(settingsSchema, env);
  await using stack = new AsyncDisposableStack();
  const audit = await openAudit(settings, log);
  if (audit !== undefined) stack.use(audit.sender);
  const sandbox = stack.use(await openSandbox({ ...settings, ...audit }, log));
  log.info({ url: sandbox.url, kubeconfig: settings.kubeconfig }, 'ready');
  const stopped = signal.aborted ? Promise.resolve() : once(signal, 'abort');
  await Promise.race([stopped, sandbox.lost]);
});
