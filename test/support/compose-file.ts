import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { z } from 'zod';

const file = fileURLToPath(new URL('../../docker-compose.yml', import.meta.url));

const conditionSchema = z.strictObject({
  condition: z.enum(['service_healthy', 'service_completed_successfully']),
});

const serviceSchema = z.looseObject({
  image: z.string(),
  user: z.string().optional(),
  command: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.string()).default({}),
  secrets: z
    .array(
      z.union([
        z.string().transform((source) => ({ source, target: source })),
        z.strictObject({ source: z.string(), target: z.string() }),
      ]),
    )
    .default([]),
  volumes: z.array(z.string()).default([]),
  ports: z.array(z.string()).default([]),
  read_only: z.boolean().optional(),
  cap_drop: z.array(z.string()).default([]),
  restart: z.enum(['unless-stopped', 'on-failure']),
  build: z.strictObject({ context: z.string(), dockerfile: z.string() }).optional(),
  depends_on: z.record(z.string(), conditionSchema).default({}),
  healthcheck: z.union([
    z.strictObject({ disable: z.literal(true) }),
    z.strictObject({
      test: z.tuple([z.literal('CMD')], z.string()),
      interval: z.string(),
      timeout: z.string().optional(),
      start_period: z.string(),
    }),
  ]),
});

const composeSchema = z.strictObject({
  name: z.string(),
  services: z.record(z.string(), serviceSchema),
  volumes: z.record(z.string(), z.null()),
  secrets: z.record(z.string(), z.strictObject({ file: z.string() })),
});

export type ComposeFile = z.infer<typeof composeSchema>;
export type ComposeService = z.infer<typeof serviceSchema>;

/** docker-compose.yml as compose understands it, with these variables of the shell in it. */
export function readCompose(variables: Readonly<Record<string, string>> = {}): ComposeFile {
  const text = readFileSync(file, 'utf8');
  const filled = text.replaceAll(
    /\$\{(\w+):-([^}]*)\}/g,
    (_, name: string, usual: string) => variables[name] ?? usual,
  );
  const read: unknown = parse(filled, { merge: true });
  return composeSchema.parse(withoutExtensions(read), {
    error: ({ path, code }) => `docker-compose.yml at ${path?.join('.')}: ${code}`,
  });
}

/** Keys that begin with `x-` are anchors for the rest; a bare number is a text to compose. */
function withoutExtensions(read: unknown): unknown {
  const entries = Object.entries(z.record(z.string(), z.unknown()).parse(read));
  const known = Object.fromEntries(entries.filter(([key]) => !key.startsWith('x-')));
  const services = z.record(z.string(), z.record(z.string(), z.unknown())).parse(known['services']);
  const spelt = Object.entries(services).map(([name, service]) => [
    name,
    { ...service, ...(service['user'] !== undefined && { user: String(service['user']) }) },
  ]);
  return { ...known, services: Object.fromEntries(spelt) };
}
