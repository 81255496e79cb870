import { join } from 'node:path';
import { z } from 'zod';

function addressesOf(text: string): Readonly<Record<string, string>> {
  const pairs = text.split(',').filter((pair) => pair !== '');
  return Object.fromEntries(pairs.map((pair) => pair.split('=', 2)));
}

/** Where the simulated cluster keeps its things and how it is reached. */
export const settingsSchema = z
  .object({
    /** The data folder: journal, certificates, tokens, the kubeconfigs of the service accounts. */
    ROLLCALL_SANDBOX_DIR: z.string().default('.rollcall/sandbox'),
    /** Whether the journal keeps every change since the beginning, or what later writes leave of them. */
    ROLLCALL_SANDBOX_JOURNAL: z.enum(['compact', 'whole']).default('compact'),
    /** 0 takes any free port. */
    ROLLCALL_SANDBOX_PORT: z.coerce.number().int().min(0).max(65_535).default(0),
    /** Where the admin's kubeconfig is written once the server listens. */
    ROLLCALL_SANDBOX_KUBECONFIG: z.string().optional(),
    /** Whether rights are those of the Roles and bindings in the cluster, or everyone may do everything. */
    ROLLCALL_SANDBOX_AUTHORIZATION: z.enum(['AlwaysAllow', 'RBAC']).default('AlwaysAllow'),
    /** Where services of the cluster are reached: `namespace/name=https://127.0.0.1:8443,…`. */
    ROLLCALL_SANDBOX_SERVICES: z.string().default('').transform(addressesOf),
    /** Whether instances have launcher pods on nodes, with metrics and autoscaling. */
    ROLLCALL_SANDBOX_PODS: z.enum(['on', 'off']).default('on'),
    /** Whose controllers run; Kubernetes' own alone make no instances, disks or pods of anything. */
    ROLLCALL_SANDBOX_CONTROLLERS: z.enum(['all', 'kubernetes']).default('all'),
    /** How often autoscalers are looked at; 15 s in a real cluster. */
    ROLLCALL_SANDBOX_HPA_INTERVAL_MS: z.coerce.number().int().min(100).default(5_000),
    /** How long the largest of the recent wishes stands where an autoscaler names no window itself. */
    ROLLCALL_SANDBOX_HPA_DOWNSCALE_WINDOW_MS: z.coerce.number().int().min(0).default(300_000),
    /** Where audit events are posted; nowhere when left out. */
    ROLLCALL_SANDBOX_AUDIT_URL: z.url({ protocol: /^https?$/ }).optional(),
    /** The bearer token for it. */
    ROLLCALL_SANDBOX_AUDIT_TOKEN_FILE: z.string().optional(),
  })
  .refine(
    (env) =>
      (env.ROLLCALL_SANDBOX_AUDIT_URL === undefined) ===
      (env.ROLLCALL_SANDBOX_AUDIT_TOKEN_FILE === undefined),
    {
      path: ['ROLLCALL_SANDBOX_AUDIT_TOKEN_FILE'],
      message: 'is needed with ROLLCALL_SANDBOX_AUDIT_URL, and only with it',
    },
  )
  .transform((env) => ({
    folder: env.ROLLCALL_SANDBOX_DIR,
    keepsJournal: env.ROLLCALL_SANDBOX_JOURNAL === 'whole',
    port: env.ROLLCALL_SANDBOX_PORT,
    authorization: env.ROLLCALL_SANDBOX_AUTHORIZATION,
    webhookServices: env.ROLLCALL_SANDBOX_SERVICES,
    pods: env.ROLLCALL_SANDBOX_PODS === 'on',
    bare: env.ROLLCALL_SANDBOX_CONTROLLERS === 'kubernetes',
    hpaIntervalMs: env.ROLLCALL_SANDBOX_HPA_INTERVAL_MS,
    hpaDownscaleWindowMs: env.ROLLCALL_SANDBOX_HPA_DOWNSCALE_WINDOW_MS,
    auditUrl: env.ROLLCALL_SANDBOX_AUDIT_URL,
    auditTokenFile: env.ROLLCALL_SANDBOX_AUDIT_TOKEN_FILE,
    kubeconfig: env.ROLLCALL_SANDBOX_KUBECONFIG ?? join(env.ROLLCALL_SANDBOX_DIR, 'kubeconfig'),
  }));

export type Settings = z.infer<typeof settingsSchema>;
