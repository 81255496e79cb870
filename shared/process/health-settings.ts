import { z } from 'zod';

/** Where a process tells how it is. */
export const healthSettingsSchema = z
  .object({
    /** 0: nowhere. */
    ROLLCALL_HEALTH_PORT: z.coerce.number().int().min(0).max(65_535).default(0),
    /** 0.0.0.0 where a kubelet asks. */
    ROLLCALL_HEALTH_HOST: z.string().default('127.0.0.1'),
  })
  .transform((env) => ({ port: env.ROLLCALL_HEALTH_PORT, host: env.ROLLCALL_HEALTH_HOST }));

export type HealthSettings = z.output<typeof healthSettingsSchema>;
