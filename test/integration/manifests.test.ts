import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { manifestsIn, podOf } from '#test/support/deploy-manifests.ts';
import type { Manifest } from '#test/support/deploy-manifests.ts';
import { wrongFieldsIn } from '#test/support/kubernetes-fields.ts';
import { kubectlOfVersion } from '#test/support/kubectl-versions.ts';
import { runProgram } from '#test/support/run-program.ts';
import { temporaryFolder } from '#test/support/temporary-folder.ts';
import type { TemporaryFolder } from '#test/support/temporary-folder.ts';
import { openTestSandbox } from '#test/support/test-sandbox.ts';

/* What an administrator would look for in the manifests before they are let into a cluster. */

const repo = fileURLToPath(new URL('../..', import.meta.url));
const components = ['webhook', 'tracing', 'certificate', 'monitoring'] as const;
/** Kinds of others' definitions, which a cluster has or has not. */
const foreign = new Set(['Issuer', 'Certificate', 'PodMonitor']);

let place: TemporaryFolder;
const rendered = new Map<string, readonly Manifest[]>();
beforeAll(async () => {
  place = await temporaryFolder('manifests');
  rendered.set('steps', await render('steps', []));
  rendered.set('steps on OpenShift', await render('steps', ['openshift']));
  const onOpenShift = await render('overlays/manage', [...components, 'openshift']);
  rendered.set('manage on OpenShift', onOpenShift);
  for (const overlay of ['observe', 'hand-over', 'manage']) {
    rendered.set(overlay, await render(`overlays/${overlay}`, []));
    const all = await render(`overlays/${overlay}`, components);
    rendered.set(`${overlay} with every component`, all);
  }
  return () => place.remove();
});

/** An overlay of one's own, in a folder beside the repo's. */
function ownOverlay(resource: string, wanted: readonly string[]): string {
  const own = mkdtempSync(join(place.path, 'own-'));
  const to = (path: string): string => `- ${relative(own, join(repo, 'deploy', path))}`;
  const added = wanted.map((name) => to(`components/${name}`));
  const lines = [
    'resources:',
    to(resource),
    ...(added.length > 0 ? ['components:', ...added] : []),
  ];
  writeFileSync(join(own, 'kustomization.yaml'), `${lines.join('\n')}\n`);
  return own;
}

async function render(resource: string, wanted: readonly string[]): Promise<readonly Manifest[]> {
  const own = ownOverlay(resource, wanted);
  const program = await kubectlOfVersion('36');
  return manifestsIn((await runProgram(program, ['kustomize', own])).stdout);
}

const packages = [
  'steps',
  'steps on OpenShift',
  'observe',
  'hand-over',
  'manage',
  'observe with every component',
  'manage with every component',
  'manage on OpenShift',
];

describe.for(packages)('%s', (name) => {
  const manifests = (): readonly Manifest[] => rendered.get(name) ?? [];
  const ofKind = (wanted: string): readonly Manifest[] =>
    manifests().filter(({ kind }) => kind === wanted);

  test('has no field that Kubernetes does not know, and none of another type', () => {
    const builtIn = manifests().filter(({ kind }) => !foreign.has(kind));
    expect(builtIn.length).toBeGreaterThan(3);
    expect(builtIn.flatMap(wrongFieldsIn)).toEqual([]);
  });

  test('puts everything into its own namespace, or into none', () => {
    const homes = new Set(manifests().map(({ metadata }) => metadata.namespace));
    homes.delete(undefined);
    expect([...homes]).toEqual(['rollcall-system']);
  });

  test('lets every pod ask for names, whichever of its policies is there', () => {
    const policies = ofKind('NetworkPolicy').map(({ spec }) => policySchema.parse(spec));
    for (const { labels } of podsIn(manifests())) {
      const open = policies
        .filter(({ podSelector }) => matches(podSelector, labels))
        .flatMap(({ egress }) => egress.flatMap(({ ports }) => ports.map(({ port }) => port)));
      expect(open, labels['app.kubernetes.io/component']).toContain(53);
    }
  });

  test('never stands in the way of a node that is drained', () => {
    for (const { spec } of ofKind('PodDisruptionBudget')) {
      expect(spec).toMatchObject({ maxUnavailable: 1, unhealthyPodEvictionPolicy: 'AlwaysAllow' });
    }
  });
});

const labelsSchema = z.record(z.string(), z.string());
const selectorSchema = z.strictObject({ matchLabels: labelsSchema.default({}) });
const policySchema = z.looseObject({
  podSelector: selectorSchema,
  egress: z
    .array(z.looseObject({ ports: z.array(z.looseObject({ port: z.number() })) }))
    .default([]),
});
const templateSchema = z.looseObject({
  selector: selectorSchema.optional(),
  template: z.looseObject({ metadata: z.looseObject({ labels: labelsSchema }) }),
});

function podsIn(manifests: readonly Manifest[]) {
  return manifests
    .filter((manifest) => podOf(manifest) !== undefined)
    .map(({ spec }) => {
      const { selector, template } = templateSchema.parse(spec);
      return { selector, labels: template.metadata.labels };
    });
}

type Selector = z.infer<typeof selectorSchema>;

function matches({ matchLabels }: Selector, labels: Readonly<Record<string, string>>): boolean {
  return Object.entries(matchLabels).every(([key, value]) => labels[key] === value);
}

test('each Deployment, Service and budget selects pods of one service and of no other', () => {
  const manifests = rendered.get('manage') ?? [];
  const pods = podsIn([...manifests, ...(rendered.get('steps') ?? [])]);
  const budgets = manifests.filter(({ kind }) => kind === 'PodDisruptionBudget');
  const services = manifests.filter(({ kind }) => kind === 'Service');
  const selectors = [
    ...pods.flatMap(({ selector }) => selector ?? []),
    ...budgets.map(({ spec }) => z.looseObject({ selector: selectorSchema }).parse(spec).selector),
    ...services.map(({ spec }) => ({
      matchLabels: z.looseObject({ selector: labelsSchema }).parse(spec).selector,
    })),
  ];
  expect(selectors).toHaveLength(11);
  for (const selector of selectors) {
    expect(pods.filter(({ labels }) => matches(selector, labels))).toHaveLength(1);
  }
});

/** What the ConfigMap `settings` says, whatever hash its name ends in. */
function settingsOf(manifests: readonly Manifest[]): Readonly<Record<string, string>> {
  const maps = manifests.filter(
    ({ kind, metadata }) => kind === 'ConfigMap' && /^settings-\w+$/.test(metadata.name),
  );
  expect(maps).toHaveLength(1);
  return labelsSchema.parse(maps[0]?.['data']);
}

test('services and steps speak of the same log', () => {
  expect(settingsOf(rendered.get('steps') ?? [])).toEqual(settingsOf(rendered.get('manage') ?? []));
});

test.for(['steps on OpenShift', 'manage on OpenShift'])('%s: no pod names a user', (name) => {
  const pods = (rendered.get(name) ?? []).flatMap((one) => podOf(one)?.pod ?? []);
  expect(pods.length).toBeGreaterThan(1);
  for (const { securityContext } of pods) {
    expect(securityContext).toEqual({
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    });
  }
});

test('on OpenShift the executor may take the owner off a disk, and where it writes nothing it may not', async () => {
  const deletesDisks = (manifests: readonly Manifest[]): boolean =>
    JSON.stringify(manifests.filter(({ kind }) => kind === 'ClusterRole')).includes(
      '"resources":["persistentvolumeclaims"],"verbs":["delete"]',
    );
  expect(deletesDisks(rendered.get('manage on OpenShift') ?? [])).toBe(true);
  expect(deletesDisks(rendered.get('manage') ?? [])).toBe(false);
  expect(deletesDisks(await render('overlays/observe', ['openshift']))).toBe(false);
});

test('spans are let out by the component that has them sent, to the port that it names', () => {
  const all = rendered.get('observe with every component') ?? [];
  const data = settingsOf(all);
  const port = Number(new URL(data['OTEL_EXPORTER_OTLP_ENDPOINT'] ?? '').port);
  const tracing = all.find(
    ({ kind, metadata }) => kind === 'NetworkPolicy' && metadata.name === 'tracing',
  );
  const { egress, podSelector } = policySchema.parse(tracing?.['spec']);
  expect(egress.flatMap(({ ports }) => ports.map((one) => one.port))).toEqual([port]);
  const services = podsIn(all);
  expect(services.filter(({ labels }) => matches(podSelector, labels))).toEqual(services);
});

test('the webhook, the certificate and the gateway speak of the same secret and service', () => {
  const all = rendered.get('manage with every component') ?? [];
  const named = (kind: string, name: string): Manifest | undefined =>
    all.find((one) => one.kind === kind && one.metadata.name === name);
  const webhook = named('ValidatingWebhookConfiguration', 'rollcall-admission');
  const certificate = named('Certificate', 'gateway-tls');
  expect(webhook?.metadata['annotations']).toMatchObject({
    'cert-manager.io/inject-ca-from': `${certificate?.metadata.namespace}/gateway-tls`,
  });
  const service = named('Service', 'gateway');
  const name = `${service?.metadata.name}.${service?.metadata.namespace}.svc`;
  expect(certificate?.['spec']).toMatchObject({
    secretName: 'gateway-tls',
    dnsNames: expect.arrayContaining([name]),
  });
  const hooks = z
    .array(z.looseObject({ clientConfig: z.strictObject({ service: z.looseObject({}) }) }))
    .parse(webhook?.['webhooks']);
  for (const { clientConfig } of hooks) {
    const { namespace } = service?.metadata ?? {};
    expect(clientConfig.service).toMatchObject({ namespace, name: service?.metadata.name });
  }
});

test('the overlay that deploy/README.md tells people to write is one', async () => {
  const readme = readFileSync(join(repo, 'deploy/README.md'), 'utf8');
  const blocks = [...readme.matchAll(/^( *)```yaml\n([^]*?)^ *```$/gm)].map(
    ([, indent = '', text]) => (text ?? '').replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  );
  const [block = '', ...others] = blocks.filter((text) => text.includes('kind: Kustomization'));
  expect(others).toEqual([]);
  const own = mkdtempSync(join(place.path, 'own-'));
  const deploy = relative(own, join(repo, 'deploy'));
  writeFileSync(join(own, 'kustomization.yaml'), block.replaceAll('../deploy', deploy));
  const program = await kubectlOfVersion('36');
  const made = manifestsIn((await runProgram(program, ['kustomize', own])).stdout);
  const images = made.flatMap((one) => podOf(one)?.pod.containers[0].image ?? []);
  expect(new Set(images)).toEqual(new Set(['REGISTRY/rollcall:0.1.0']));
  const all = rendered.get('observe with every component') ?? [];
  expect(made.map(nameOf).toSorted()).toEqual(all.map(nameOf).toSorted());
  const said = Object.fromEntries(
    [...block.matchAll(/- ([A-Z_]+)=(\S+)$/gm)].map(([, key = '', text]) => [key, text]),
  );
  expect(Object.keys(said)).toContain('NATS_MONITOR_URL');
  expect(settingsOf(made)).toEqual({ ...settingsOf(all), ...said });
  // The same over the steps.
  const steps = block
    .replace('../deploy/overlays/observe', '../deploy/steps')
    .replace(/^components:[^]*?(?=^\w)/m, '');
  writeFileSync(join(own, 'kustomization.yaml'), steps.replaceAll('../deploy', deploy));
  const jobs = manifestsIn((await runProgram(program, ['kustomize', own])).stdout);
  expect(settingsOf(jobs)).toMatchObject(said);
  // With what it says of a whole cluster.
  const [mode = ''] = blocks.filter((text) => text.includes('- name: mode'));
  const whole = `namespace: rollcall-system\nresources: [${deploy}/overlays/manage]\n${mode}`;
  writeFileSync(join(own, 'kustomization.yaml'), whole);
  const taken = (await runProgram(program, ['kustomize', own])).stdout;
  expect(taken).toMatch(/ROLLCALL_KUBEVIRT_CONTROLLERS: "off"\n +ROLLCALL_MODE: manage\n/);
});

/** Without the hash, which is another where something else is said. */
function nameOf({ kind, metadata }: Manifest): string {
  return `${kind}/${metadata.name.replace(/^(settings|mode)-\w+$/, '$1')}`;
}

describe.for(['32', '36'] as const)('kubectl 1.%s', (version) => {
  test('has a server try the overlays with the webhook, strictly', async () => {
    await using sandbox = await openTestSandbox({ controllers: false });
    const home = await temporaryFolder('home');
    onTestFinished(() => home.remove());
    const own = ownOverlay('overlays/manage', ['webhook', 'tracing']);
    const program = await kubectlOfVersion(version);
    const env = { ...process.env, KUBECONFIG: sandbox.kubeconfig, HOME: home.path };
    const run = (...args: readonly string[]) => runProgram(program, args, { env });
    await run('create', 'namespace', 'rollcall-system');
    const strictly = ['--dry-run=server', '--validate=strict'];
    const { stdout } = await run('apply', '-k', own, ...strictly);
    expect(stdout).toContain('rollcall-admission created (server dry run)');
    expect(stdout).toContain('deployment.apps/gateway created (server dry run)');
    const pods = await run('get', 'deployments', '-n', 'rollcall-system', '-o', 'name');
    expect(pods.stdout).toBe('');
  }, 120_000);
});
