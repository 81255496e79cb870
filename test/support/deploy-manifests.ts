import { parseAllDocuments } from 'yaml';
import { z } from 'zod';

const namedSchema = z.looseObject({ name: z.string() });
const variablesSchema = z.array(
  z.looseObject({
    name: z.string(),
    value: z.string().optional(),
    valueFrom: z.unknown().optional(),
  }),
);

const containerSchema = z.looseObject({
  name: z.string(),
  image: z.string(),
  args: z.array(z.string()),
  env: variablesSchema.default([]),
  envFrom: z.array(z.strictObject({ configMapRef: namedSchema })).default([]),
  volumeMounts: z.array(z.looseObject({ name: z.string(), mountPath: z.string() })).default([]),
  resources: z.strictObject({
    requests: z.record(z.string(), z.string()),
    limits: z.record(z.string(), z.string()),
  }),
  securityContext: z.unknown(),
  livenessProbe: z.unknown().optional(),
  readinessProbe: z.unknown().optional(),
});

const podSchema = z.looseObject({
  serviceAccountName: z.string().optional(),
  automountServiceAccountToken: z.boolean().optional(),
  securityContext: z.unknown(),
  containers: z.tuple([containerSchema]),
  volumes: z
    .array(
      z.looseObject({
        name: z.string(),
        secret: z.looseObject({ secretName: z.string() }).optional(),
        configMap: namedSchema.optional(),
      }),
    )
    .default([]),
});

const manifestSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), namespace: z.string().optional() }),
});

export type Manifest = z.infer<typeof manifestSchema>;
export type Pod = z.infer<typeof podSchema>;

export function manifestsIn(yaml: string): readonly Manifest[] {
  return [...parseAllDocuments(yaml)].map((document) => manifestSchema.parse(document.toJS()));
}

/** The pods that a manifest asks for, with how many; undefined for one that asks for none. */
export function podOf(
  manifest: Manifest,
): { readonly replicas: number; readonly pod: Pod } | undefined {
  if (manifest.kind !== 'Deployment' && manifest.kind !== 'Job') return undefined;
  const { replicas, template } = z
    .looseObject({ replicas: z.int().default(1), template: z.looseObject({ spec: podSchema }) })
    .parse(manifest['spec']);
  return { replicas, pod: template.spec };
}
