import { join } from 'node:path';
import { z } from 'zod';

/** Where the simulated cluster keeps its things and how it is reached. */
export const settingsSchema = z
  .object({
    /** The data folder: journal, certificates, tokens, the kubeconfigs of the service accounts. */
    ROLLCALL_SANDBOX_DIR: z.string().default('.rollcall/sandbox'),
    /** 0 takes any free port. */
    ROLLCALL_SANDBOX_PORT: z.coerce.number().int().min(0).max(65_535).default(0),
    /** Where the admin's kubeconfig is written once the server listens. */
    ROLLCALL_SANDBOX_KUBECONFIG: z.string().optional(),
  })
  .transform((env) => ({
    folder: env.ROLLCALL_SANDBOX_DIR,
    port: env.ROLLCALL_SANDBOX_PORT,
    kubeconfig: env.ROLLCALL_SANDBOX_KUBECONFIG ?? join(env.ROLLCALL_SANDBOX_DIR, 'kubeconfig'),
  }));

export type Settings = z.infer<typeof settingsSchema>;
