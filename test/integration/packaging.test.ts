import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile, mkdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { readCompose } from '#test/support/compose-file.ts';
import { manifestsIn, podOf } from '#test/support/deploy-manifests.ts';
import type { Manifest, Pod } from '#test/support/deploy-manifests.ts';
import { dockerCompose } from '#test/support/docker-compose.ts';
import { kubectlOfVersion } from '#test/support/kubectl-versions.ts';
import { runProgram } from '#test/support/run-program.ts';
import { openTestSandbox } from '#test/support/test-sandbox.ts';

/* What is said in compose, Dockerfile and manifests about the code is so, and is as tight as it claims. */

const repo = fileURLToPath(new URL('../..', import.meta.url));
const versions = ['32', '36'] as const;
const overlays = [
  'deploy/overlays/observe',
  'deploy/overlays/hand-over',
  'deploy/overlays/manage',
] as const;

let folder: string;
const rendered = new Map<string, readonly Manifest[]>();
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rollcall-packaging-'));
  for (const path of [...overlays, 'deploy/steps']) rendered.set(path, await render('36', path));
});
afterAll(() => rm(folder, { recursive: true }));

async function render(version: '32' | '36', path: string): Promise<readonly Manifest[]> {
  return manifestsIn(await kustomize(version, path));
}

async function kustomize(version: '32' | '36', path: string): Promise<string> {
  const program = await kubectlOfVersion(version);
  return (await runProgram(program, ['kustomize', path], { cwd: repo })).stdout;
}

function manifests(path: string): readonly Manifest[] {
  return rendered.get(path) ?? [];
}

type NamedPod = { readonly name: string; readonly replicas: number; readonly pod: Pod };

function podsIn(path: string): readonly NamedPod[] {
  return manifests(path).flatMap((manifest) => {
    const found = podOf(manifest);
    return found === undefined ? [] : [{ name: manifest.metadata.name, ...found }];
  });
}

/** The variables that a program reads, out of the settings of its own folder and of shared/process. */
function variablesOf(entry: string): ReadonlySet<string> {
  const own = entry.startsWith('migrations/')
    ? ['migrations/settings.ts']
    : [entry.replace('main.ts', 'settings.ts')];
  const shared = [
    'shared/process/health-settings.ts',
    'shared/process/run-process.ts',
    'shared/process/secrets-from-files.ts',
  ];
  const texts = [...own, ...shared].map((file) => readFileSync(join(repo, file), 'utf8'));
  const usesLog = texts[0]?.includes('streamVariables') || entry === 'migrations/provision.ts';
  if (usesLog) texts.push(readFileSync(join(repo, 'shared/stream/settings.ts'), 'utf8'));
  const names = texts.flatMap((text) => [...text.matchAll(/\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b/g)]);
  const plain = names.map(([name]) => name);
  const fromFiles = ['NATS_URL', 'DATABASE_URL'].filter((name) => plain.includes(name));
  return new Set([...plain, ...fromFiles.map((name) => `${name}_FILE`)]);
}

/** The ConfigMaps, by the names under which pods ask for them. */
function settingsIn(path: string): ReadonlyMap<string, Readonly<Record<string, string>>> {
  const maps = manifests(path).filter(({ kind }) => kind === 'ConfigMap');
  const dataSchema = z.record(z.string(), z.string());
  return new Map(maps.map((map) => [map.metadata.name, dataSchema.parse(map['data'])]));
}

/** All variables that a pod's program is given. */
function environmentOf({ pod }: NamedPod, path: string): Readonly<Record<string, string>> {
  const [container] = pod.containers;
  const settings = settingsIn(path);
  const from = container.envFrom.map(({ configMapRef }) => settings.get(configMapRef.name) ?? {});
  const own = container.env.map(({ name, value = '' }) => [name, value] as const);
  return Object.assign({}, ...from, Object.fromEntries(own));
}

describe.for([...overlays, 'deploy/steps'])('%s', (path) => {
  test('is rendered alike by the oldest and the newest kubectl', async () => {
    expect(await kustomize('32', path)).toBe(await kustomize('36', path));
  });

  test('runs programs that are there, with variables that they read', () => {
    for (const named of podsIn(path)) {
      const [entry = '', ...more] = named.pod.containers[0].args;
      expect(existsSync(join(repo, entry)), entry).toBe(true);
      expect(more).toEqual([]);
      const known = variablesOf(entry);
      const unknown = Object.keys(environmentOf(named, path)).filter((name) => !known.has(name));
      expect(unknown, named.name).toEqual([]);
    }
  });

  test('mounts every file that a variable names, and no volume in vain', () => {
    for (const named of podsIn(path)) {
      const { pod, name } = named;
      const [{ volumeMounts }] = pod.containers;
      const files = Object.values(environmentOf(named, path)).filter((value) =>
        value.startsWith('/'),
      );
      const homeless = files.filter(
        (file) => !volumeMounts.some(({ mountPath }) => file.startsWith(`${mountPath}/`)),
      );
      expect(homeless, name).toEqual([]);
      const mounted = volumeMounts.map((mount) => mount.name).toSorted();
      expect(mounted, name).toEqual(pod.volumes.map((volume) => volume.name).toSorted());
      expect(unusedMounts(volumeMounts, files), name).toEqual([]);
    }
  });

  test('keeps to the restricted profile, with requests and limits', () => {
    for (const { name, pod } of podsIn(path)) {
      const [container] = pod.containers;
      expect(pod.securityContext, name).toMatchObject({
        runAsNonRoot: true,
        seccompProfile: { type: 'RuntimeDefault' },
      });
      expect(container.securityContext, name).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        runAsNonRoot: true,
        capabilities: { drop: ['ALL'] },
      });
      expect(Object.keys(container.resources.requests), name).toEqual(['cpu', 'memory']);
      expect(Object.keys(container.resources.limits), name).toEqual(['memory']);
    }
  });

  test('has no secret in it, and no image whose version is left open', () => {
    expect(manifests(path).filter(({ kind }) => kind === 'Secret')).toEqual([]);
    for (const { pod } of podsIn(path)) expect(pod.containers[0].image).toMatch(/^rollcall:\d/);
  });
});

function unusedMounts(
  mounts: readonly { readonly mountPath: string }[],
  files: readonly string[],
): readonly string[] {
  return mounts
    .map(({ mountPath }) => mountPath)
    .filter((path) => !files.some((file) => file.startsWith(`${path}/`)));
}

const deployed = ['executor', 'gateway', 'reconciler', 'recorder', 'watcher'];

describe.for(overlays)('each service of %s', (path) => {
  test('runs more than once, is probed, and may be evicted one at a time', () => {
    const pods = podsIn(path);
    expect(pods.map(({ name }) => name).toSorted()).toEqual(deployed);
    for (const { replicas, pod } of pods) {
      expect(replicas).toBeGreaterThan(1);
      const [container] = pod.containers;
      expect(container.livenessProbe).toMatchObject({ httpGet: { path: '/healthz' } });
      expect(container.readinessProbe).toMatchObject({ httpGet: { path: '/readyz' } });
      expect(pod['topologySpreadConstraints'], 'spread over nodes and zones').toHaveLength(2);
    }
    expect(namesOf(path, 'PodDisruptionBudget')).toEqual(deployed);
    expect(namesOf(path, 'NetworkPolicy')).toEqual(
      [...deployed, 'health', 'names', 'nothing'].toSorted(),
    );
  });

  test('has an account of its own, and a token only where it talks to the cluster', () => {
    for (const { name, pod } of podsIn(path)) expect(pod.serviceAccountName).toBe(name);
    const accounts = manifests(path).filter(({ kind }) => kind === 'ServiceAccount');
    const withToken = accounts
      .filter((account) => account['automountServiceAccountToken'] !== false)
      .map(({ metadata }) => metadata.name);
    expect(withToken.toSorted()).toEqual(['executor', 'gateway', 'watcher']);
  });
});

function namesOf(path: string, kind: string): readonly string[] {
  const found = manifests(path).filter((manifest) => manifest.kind === kind);
  return found.map(({ metadata }) => metadata.name).toSorted();
}

/** Of a service's own environment, by the ConfigMap that it names. */
function modeIn(path: string): string | undefined {
  const reconciler = podsIn(path).find(({ name }) => name === 'reconciler');
  return reconciler && environmentOf(reconciler, path)['ROLLCALL_MODE'];
}

test('only observe may write nothing, and only manage takes sets that say nothing', () => {
  expect(overlays.map(modeIn)).toEqual(['observe', 'observe', 'manage']);
  const [observe, handOver, manage] = overlays.map((path) => rulesIn(path));
  const reading = ['get', 'list', 'watch'];
  const writes = (observe ?? []).filter(
    ({ verbs, resources }) =>
      !resources.every((resource) => resource.endsWith('reviews')) &&
      verbs.some((verb) => !reading.includes(verb)),
  );
  expect(writes).toEqual([]);
  expect(handOver).toEqual(manage);
  for (const { verbs, resources, apiGroups } of manage ?? []) {
    expect([...verbs, ...resources, ...apiGroups]).not.toContain('*');
    expect(verbs).not.toEqual(expect.arrayContaining(['deletecollection']));
    expect(resources.filter((one) => /secrets|configmaps|pods|nodes|webhook/.test(one))).toEqual(
      [],
    );
  }
});

function rulesIn(path: string) {
  const ruleSchema = z.looseObject({
    apiGroups: z.array(z.string()),
    resources: z.array(z.string()),
    verbs: z.array(z.string()),
  });
  const roles = manifests(path).filter(({ kind }) => kind === 'ClusterRole');
  return roles.flatMap((role) => z.array(ruleSchema).parse(role['rules']));
}

describe.for(versions)('kubectl 1.%s', (version) => {
  test('applies the overlays to a cluster, twice without a change', async () => {
    await using sandbox = await openTestSandbox({ controllers: false });
    const program = await kubectlOfVersion(version);
    const env = { ...process.env, KUBECONFIG: sandbox.kubeconfig, HOME: folder };
    const apply = async (path: string) =>
      (await runProgram(program, ['apply', '-k', path], { cwd: repo, env })).stdout;
    expect(await apply(overlays[0])).toContain('deployment.apps/watcher created');
    expect(await apply(overlays[1])).toContain(
      'clusterrole.rbac.authorization.k8s.io/rollcall-executor created',
    );
    const taken = (await apply(overlays[2]))
      .split('\n')
      .filter((line) => line.startsWith('deploy'));
    expect(taken.filter((line) => line.endsWith(' configured')).toSorted(), 'rolled out').toEqual([
      'deployment.apps/executor configured',
      'deployment.apps/reconciler configured',
    ]);
    const again = (await apply(overlays[2])).split('\n').filter(Boolean);
    // kubectl always sends the whole selector of a budget, so it never calls one unchanged.
    const others = again.filter((line) => !line.startsWith('poddisruptionbudget'));
    expect(others.filter((line) => !line.endsWith(' unchanged'))).toEqual([]);
  }, 120_000);
});

test('our own definitions are a component that nobody gets unasked', async () => {
  const own = join(folder, 'own');
  await mkdir(own);
  const toCrds = relative(own, join(repo, 'deploy/crds'));
  await writeFile(join(own, 'kustomization.yaml'), `components:\n  - ${toCrds}\n`);
  const program = await kubectlOfVersion('36');
  const { stdout } = await runProgram(program, ['kustomize', own]);
  expect(manifestsIn(stdout).map(({ kind }) => kind)).toEqual(
    Array(2).fill('CustomResourceDefinition'),
  );
  for (const path of overlays) expect(namesOf(path, 'CustomResourceDefinition')).toEqual([]);
});

describe('docker-compose.yml', () => {
  const text = readFileSync(join(repo, 'docker-compose.yml'), 'utf8');
  const compose = readCompose();
  const services = Object.entries(compose.services);
  const ours = services.filter(([, { image }]) => image.startsWith('rollcall'));

  test('is understood by compose itself', { timeout: 180_000 }, async ({ skip }) => {
    const found = await dockerCompose();
    if (found === undefined) {
      process.stderr.write('LEFT OUT: no docker compose here, so its file was not read by it\n');
      return skip('no docker compose');
    }
    const [program = '', ...args] = found;
    const asked = [...args, '-f', join(repo, 'docker-compose.yml'), 'config', '--format', 'json'];
    const { stdout, stderr } = await runProgram(program, asked, {
      cwd: folder,
      env: { HOME: folder },
    });
    expect(stderr).toBe('');
    const { services: understood } = z
      .looseObject({
        services: z.record(z.string(), z.looseObject({ user: z.string().optional() })),
      })
      .parse(JSON.parse(stdout));
    expect(Object.keys(understood).toSorted()).toEqual(services.map(([name]) => name).toSorted());
    for (const [name] of ours) expect(understood[name]?.user, name).toBe('1000');
  });

  test('looks after every server and service, by programs that are in their images', () => {
    const checked = services.flatMap(([name, { healthcheck }]) =>
      'disable' in healthcheck ? [] : [[name, healthcheck.test[1]] as const],
    );
    // Alpine brings wget, the image of Postgres its own tools.
    expect(Object.fromEntries(checked)).toEqual({
      nats: 'wget',
      postgres: 'pg_isready',
      ...Object.fromEntries(deployed.map((name) => [name, 'node'])),
    });
  });

  test('starts each program when what it needs is there, and steps once', () => {
    const waits = services.flatMap(([name, { depends_on: needs }]) =>
      Object.entries(needs).map(([needed, { condition }]) => `${name} → ${needed} ${condition}`),
    );
    const done = 'service_completed_successfully';
    const withBook = ['executor', 'gateway', 'recorder'];
    expect(waits.toSorted()).toEqual(
      [
        'migrate → postgres service_healthy',
        'provision → nats service_healthy',
        ...deployed.map((name) => `${name} → provision ${done}`),
        ...withBook.map((name) => `${name} → migrate ${done}`),
      ].toSorted(),
    );
    for (const [name, { restart }] of services) {
      const step = name === 'migrate' || name === 'provision';
      expect(restart, name).toBe(step ? 'on-failure' : 'unless-stopped');
    }
  });

  test('has every service, and both steps before them', () => {
    expect(ours.map(([name]) => name).toSorted()).toEqual(
      [...deployed, 'migrate', 'provision'].toSorted(),
    );
    for (const name of deployed) {
      expect(Object.keys(compose.services[name]?.depends_on ?? {})).toContain('provision');
    }
  });

  test('runs programs that are there, with variables that they read', () => {
    for (const [name, { command, environment }] of ours) {
      const entry = command?.[0] ?? '';
      expect(existsSync(join(repo, entry)), entry).toBe(true);
      const known = variablesOf(entry);
      expect(
        Object.keys(environment).filter((variable) => !known.has(variable)),
        name,
      ).toEqual([]);
    }
  });

  test('names files that are there, and secrets that the script makes', async () => {
    const paths = [...text.matchAll(/\.\/(\S+?):/g)].map(([, path = '']) => path);
    const dockerfiles = services.flatMap(([, { build }]) => build?.dockerfile ?? []);
    for (const path of [...paths, ...dockerfiles])
      expect(existsSync(join(repo, path)), path).toBe(true);
    const out = join(folder, 'secrets');
    await runProgram(process.execPath, ['deploy/docker/make-secrets.mjs', '--out', out], {
      cwd: repo,
    });
    const files = Object.values(compose.secrets).map(({ file }) => file);
    // The kubeconfig is the reader's own.
    const made = files.filter((file) => !file.endsWith('/kubeconfig'));
    expect(made.every((file) => file.startsWith('.rollcall-compose/'))).toBe(true);
    for (const file of made) {
      expect(existsSync(join(out, file.replace('.rollcall-compose/', ''))), file).toBe(true);
    }
    const used = services.flatMap(([, { secrets }]) => secrets.map(({ source }) => source));
    expect([...new Set(used)].toSorted()).toEqual(Object.keys(compose.secrets).toSorted());
  });

  test('gives out every file that a variable names', () => {
    for (const [name, { environment, secrets }] of services) {
      const mounted = secrets.map(({ target }) => target);
      const wanted = Object.values(environment).filter((value) =>
        value.startsWith('/run/secrets/'),
      );
      const missing = wanted.filter((file) => !mounted.includes(file.replace('/run/secrets/', '')));
      expect(missing, name).toEqual([]);
    }
  });

  test('opens ports on loopback alone, and leaves no version open', () => {
    for (const [name, { ports, image }] of services) {
      expect(
        ports.filter((port) => !port.startsWith('127.0.0.1:')),
        name,
      ).toEqual([]);
      expect(image, name).toMatch(/:\d/);
    }
    expect(text).not.toMatch(/:latest/);
    expect(compose.services['nats']?.image).toMatch(/^nats:2\.(1[2-9]|[2-9]\d)/);
    expect(compose.services['postgres']?.image).toMatch(/^postgres:18/);
  });

  test('runs our programs on a file system that is read-only, without capabilities', () => {
    for (const [name, { read_only: readOnly, cap_drop: dropped }] of ours) {
      expect({ readOnly, dropped }, name).toEqual({ readOnly: true, dropped: ['ALL'] });
    }
  });
});

describe('the Dockerfile', () => {
  const text = readFileSync(join(repo, 'deploy/docker/Dockerfile'), 'utf8');
  const ignored = readFileSync(join(repo, 'deploy/docker/Dockerfile.dockerignore'), 'utf8');

  test('copies what is there and what the context lets in', () => {
    const copies = [...text.matchAll(/^COPY (?!--from)(?:--chmod=755 )?(.+) \S+$/gm)].flatMap(
      ([, paths = '']) => paths.split(' '),
    );
    expect(copies).toContain('services');
    for (const path of copies) {
      expect(existsSync(join(repo, path)), path).toBe(true);
      expect(ignored.split('\n'), path).toContain(`!${path}`);
    }
  });

  test('installs neither tools nor optional packages, and runs as nobody special', () => {
    expect(text).toContain('npm ci --omit=dev --omit=optional');
    expect(text).toMatch(/^FROM node:24-slim$/m);
    expect(text).toMatch(/^USER 1000:1000$/m);
    expect(text).not.toMatch(/:latest/);
  });

  test('what it runs imports no package that it leaves out', () => {
    const { dependencies } = z
      .looseObject({ dependencies: z.record(z.string(), z.string()) })
      .parse(JSON.parse(readFileSync(join(repo, 'package.json'), 'utf8')));
    const missing = ['services', 'shared', 'migrations'].flatMap(sourcesBelow).flatMap((file) => {
      const source = readFileSync(file, 'utf8');
      const found = [
        ...source.matchAll(/^(?:import|export)\s(?!type)[^;]*?from '([^.#][^']*)';/gm),
      ];
      return found
        .map(([, name = '']) => packageOf(name))
        .filter((name) => !name.startsWith('node:') && dependencies[name] === undefined)
        .map((name) => `${relative(repo, file)}: ${name}`);
    });
    expect(missing).toEqual([]);
  });
});

function sourcesBelow(top: string): readonly string[] {
  return readdirSync(join(repo, top), { recursive: true, withFileTypes: true })
    .filter(
      (entry) =>
        entry.isFile() && entry.name.endsWith('.ts') && !/\.(test|d)\.ts$/.test(entry.name),
    )
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !/services\/sandbox\/|\/testing\//.test(file));
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}
