import { parseSettings } from '#shared/process/parse-settings.ts';
import { runProcess } from '#shared/process/run-process.ts';
import { provision } from '#shared/stream/provision.ts';
import { streamSettingsSchema } from '#shared/stream/settings.ts';

/** Makes stream and buckets on the broker; services only verify them. */
await runProcess('provision', async ({ env, log }) => {
  await provision(parseSettings(streamSettingsSchema, env), log);
});
