import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { openCluster } from '#shared/cluster/kube-cluster.ts';
import type { Cluster } from '#shared/cluster/cluster.ts';
import { readCompose } from '#test/support/compose-file.ts';
import { canJail, runContainer, startContainer } from '#test/support/container.ts';
import type { RunningContainer } from '#test/support/container.ts';
import { manifestsIn } from '#test/support/deploy-manifests.ts';
import { freePort } from '#test/support/free-port.ts';
import type { Manifest } from '#test/support/deploy-manifests.ts';
import { kubectlOn } from '#test/support/kubectl.ts';
import { kubectlOfVersion } from '#test/support/kubectl-versions.ts';
import { openOtlpReceiver } from '#test/support/otlp-receiver.ts';
import { runProgram } from '#test/support/run-program.ts';
import { until } from '#test/support/until.ts';
import { makeCredentials } from '../../services/sandbox/http/certificates.ts';
import { aPoolOf } from './all-processes.ts';
import { programsOfCompose, programsOfPods } from './packaged-programs.ts';
import type { PackagedProgram } from './packaged-programs.ts';
import { openPackagedWorld, readableCopy } from './packaged-world.ts';
import type { PackagedWorld } from './packaged-world.ts';

/*
 * What an engine would make of Dockerfile, docker-compose.yml and manifests, without one: the files of the
 * image and no others, on a read-only root, as the user and with the variables, commands and mounts that
 * the package says, beside a real broker and database and the sandbox.
 */

const repo = fileURLToPath(new URL('../..', import.meta.url));
const steps = ['migrate', 'provision'];

if (!canJail()) {
  process.stderr.write(
    'LEFT OUT: only root on Linux can make a root folder, so the image ran in its folder as this user\n',
  );
}

type Service = { readonly name: string; readonly port: number; readonly running: RunningContainer };

/** The steps to their end, then every service until it is ready. */
async function startAll(
  world: PackagedWorld,
  programs: readonly PackagedProgram[],
): Promise<readonly Service[]> {
  for (const name of steps) {
    const step = programs.find((program) => program.name === name);
    if (step === undefined) throw new Error(`${name} is not packaged`);
    await runContainer(world.container(step, 0));
  }
  const services: Service[] = [];
  onTestFinished(async () => {
    await Promise.all(services.map(({ running }) => running.stop()));
  });
  for (const program of programs.filter(({ name }) => !steps.includes(name))) {
    const port = await freePort();
    const running = startContainer(world.container(program, port));
    services.push({ name: program.name, port, running });
  }
  const told = (): string =>
    services.map(({ name, running }) => `${name}: ${running.said().slice(-600)}`).join('\n');
  const oneEnded = Promise.race(services.map(({ running }) => running.ended));
  const allReady = until(
    'every service to be ready',
    async () => {
      const answers = await Promise.all(services.map(isReady));
      return answers.every(Boolean);
    },
    { timeoutMs: 180_000 },
  );
  const code = await Promise.race([oneEnded, allReady]).catch((cause: unknown) => {
    throw new Error(`not ready\n${told()}`, { cause });
  });
  if (code !== undefined) throw new Error(`one has ended with ${code}\n${told()}`);
  return services;
}

async function isReady({ port }: Service): Promise<boolean> {
  return (await fetch(`http://127.0.0.1:${port}/readyz`)).ok;
}

async function growsFromNothing(world: PackagedWorld): Promise<void> {
  const settings = { kubeconfig: world.sandbox.kubeconfig, userAgent: 'test' };
  await using cluster: Cluster = await openCluster(settings);
  expect((await cluster.create(aPoolOf('web', 0))).ok).toBe(true);
  const pool = { kind: 'VirtualMachinePool', namespace: 'default', name: 'web' };
  await cluster.patch(pool, { type: 'merge', body: { spec: { replicas: 2 } } });
  await until('two machines', async () => {
    const page = await cluster.list('VirtualMachine', { limit: 10 });
    return page.ok && page.value.items.length === 2;
  });
}

/** By the file that make-secrets writes for it. */
async function commandLineFindsIt(world: PackagedWorld): Promise<void> {
  const shim = join(repo, 'services/cli/rollcall.mjs');
  const env = { PATH: process.env['PATH'], ROLLCALL_CLI_CONFIG: world.secret('cli/cli.json') };
  const run = (...args: readonly string[]) =>
    runProgram(process.execPath, [shim, ...args], { env });
  const { stdout: status } = await run('status');
  expect(status).toMatch(/executor[^]*recorder|recorder[^]*executor/);
  expect(status).toContain("default mode manage, KubeVirt's controllers off");
  await until('the book to have it', async () => {
    const { stdout } = await run('history', 'vmpool/web', '-o', 'json');
    return /"to": ?2\b|\b0 → 2\b/.test(stdout);
  });
  // Nothing but the reconciler itself tells it how sets are treated.
  const doctor = await run('doctor', '--kubeconfig', world.sandbox.kubeconfig);
  expect(doctor.stdout).toMatch(/ok +mode [ –]+default manage; 1 of 1 sets are managed/);
  expect(doctor.stdout).toMatch(/ok +recorder /);
}

/** Every line that a program has said is one of its log. */
function complaintsOf(services: readonly Service[]): readonly string[] {
  return services.flatMap(({ name, running }) =>
    running
      .said()
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('{"level":'))
      .map((line) => `${name}: ${line}`),
  );
}

test(
  'docker-compose.yml brings up services that make two machines',
  { timeout: 300_000 },
  async () => {
    await using world = await openPackagedWorld({
      natsHost: 'nats',
      postgresHost: 'postgres',
      secrets: [],
      authorization: 'AlwaysAllow',
    });
    // What the image of Postgres does at its first start.
    const password = readFileSync(world.secret('postgres/password'), 'utf8').trim();
    await world.sql(`create role postgres superuser login password '${password}'`);
    await world.sql('alter database rollcall owner to postgres');
    const kubeconfig = readableCopy(world.sandbox.kubeconfig, join(world.folder, 'kubeconfig'));
    const compose = readCompose({ ROLLCALL_MODE: 'manage', ROLLCALL_KUBEVIRT_CONTROLLERS: 'off' });
    const programs = programsOfCompose(compose, (file) =>
      file.endsWith('/kubeconfig')
        ? kubeconfig
        : world.secret(file.replace('.rollcall-compose/', '')),
    );
    const services = await startAll(world, programs);
    for (const { port } of services) await healthcheckPasses(port);
    await growsFromNothing(world);
    await commandLineFindsIt(world);
    expect(complaintsOf(services)).toEqual([]);

    /** The check of the compose file, at the port that the service has here. */
    async function healthcheckPasses(port: number): Promise<void> {
      const { healthcheck } = compose.services['watcher'] ?? {};
      if (healthcheck === undefined || 'disable' in healthcheck) throw new Error('no healthcheck');
      const [, program, ...args] = healthcheck.test;
      expect(program).toBe('node');
      const here = args.map((word) => word.replace(':8081/', `:${port}/`));
      await runProgram(process.execPath, here);
    }
  },
);

/** Their own overlay, as deploy/README.md tells people to write it, in a folder beside the repo's. */
async function renderOwn(folder: string): Promise<string> {
  const program = await kubectlOfVersion('36');
  const own = join(folder, 'own');
  mkdirSync(own);
  const to = (path: string): string => relative(own, join(repo, 'deploy', path));
  const components = ['webhook', 'tracing'].map((name) => `- ${to(`components/${name}`)}`);
  const lines = ['resources:', `- ${to('overlays/manage')}`, 'components:', ...components, ''];
  writeFileSync(join(own, 'kustomization.yaml'), lines.join('\n'));
  const services = await runProgram(program, ['kustomize', own]);
  const jobs = await runProgram(program, ['kustomize', 'deploy/steps'], { cwd: repo });
  return [services.stdout, jobs.stdout].join('---\n');
}

test(
  'the manifests bring up services that make two machines, with least rights, webhook and traces',
  { timeout: 300_000 },
  async () => {
    await using receiver = await openOtlpReceiver();
    await using world = await openPackagedWorld({
      natsHost: 'nats.rollcall-data.svc',
      postgresHost: 'postgres.rollcall-data.svc',
      secrets: ['--owner', 'rollcall_owner'],
      authorization: 'RBAC',
    });
    const password = readFileSync(world.secret('postgres/password'), 'utf8').trim();
    await world.sql('drop database rollcall');
    for (const statement of statementsOf('deploy/postgres/database.sql')) {
      await world.sql(statement.replace(":'owner_password'", `'${password}'`));
    }
    makeAccounts(world);
    const { certificate, key, authority } = makeCredentials(new Date(), [
      'gateway.rollcall-system.svc',
    ]);
    mkdirSync(world.secret('gateway-tls'));
    writeFileSync(world.secret('gateway-tls/tls.crt'), certificate);
    writeFileSync(world.secret('gateway-tls/tls.key'), key);
    const manifests = manifestsIn(await renderOwn(world.folder));
    const programs = programsOfPods({
      manifests,
      folder: join(world.folder, 'mounts'),
      secret: (name) => world.secret(name),
      account: (name) => world.secret(`accounts/${name}`),
      adapt: (text) =>
        world.adapt(text).replace('http://otel-collector.observability.svc:4318', receiver.url),
    });
    const services = await startAll(world, programs.map(withControllersOff));
    await growsFromNothing(world);
    await until('spans of every service', () => {
      const told = new Set(receiver.spans.map(({ service }) => service));
      return ['watcher', 'reconciler', 'executor', 'recorder'].every((name) => told.has(name));
    });
    await webhookIsCalled(world, { manifests, authority });
    expect(complaintsOf(services)).toEqual([]);
  },
);

/** As someone without cert-manager does: the authority into the configuration, and a write is judged. */
async function webhookIsCalled(
  world: PackagedWorld,
  { manifests, authority }: { readonly manifests: readonly Manifest[]; readonly authority: string },
): Promise<void> {
  const [found] = manifests.filter(({ kind }) => kind === 'ValidatingWebhookConfiguration');
  expect(found).toBeDefined();
  const home = join(world.folder, 'home');
  mkdirSync(home);
  const program = await kubectlOfVersion('36');
  const kubectl = kubectlOn({ program, kubeconfig: world.sandbox.kubeconfig, home });
  const attempt = (name: string) => {
    const pool = aPoolOf(name, 1);
    const spec = { ...pool.spec, selector: { matchLabels: { app: 'other' } } };
    return kubectl('create -f -', JSON.stringify({ ...pool, spec }));
  };
  // A webhook that is not trusted is passed over, as its failurePolicy says.
  expect((await attempt('unjudged')).stderr).toBe('');
  const bundle = Buffer.from(authority).toString('base64');
  const patch = [0, 1].map((index) => ({
    op: 'add',
    path: `/webhooks/${index}/clientConfig/caBundle`,
    value: bundle,
  }));
  const name = found?.metadata.name ?? '';
  const patched = await kubectl(
    `patch validatingwebhookconfiguration ${name} --type=json -p ${JSON.stringify(patch)}`,
  );
  expect(patched.stderr).toBe('');
  expect((await attempt('judged')).stderr).toContain('the selector does not match the labels');
}

function withControllersOff(program: PackagedProgram): PackagedProgram {
  const { ROLLCALL_KUBEVIRT_CONTROLLERS: said, ...others } = program.env;
  const env = said === undefined ? others : { ...others, ROLLCALL_KUBEVIRT_CONTROLLERS: 'off' };
  return { ...program, env };
}

function statementsOf(file: string): readonly string[] {
  const lines = readFileSync(join(repo, file), 'utf8').split('\n');
  const text = lines.filter((line) => !line.startsWith('--')).join('\n');
  return text.split(';').filter((statement) => statement.trim() !== '');
}

/** What a kubelet mounts for an account, out of what the sandbox has for it. */
function makeAccounts(world: PackagedWorld): void {
  const tokens: unknown = JSON.parse(
    readFileSync(join(world.sandbox.folder, 'tokens.json'), 'utf8'),
  );
  for (const [name, token] of Object.entries(tokens ?? {})) {
    const folder = world.secret(`accounts/${name}`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'token'), String(token));
    writeFileSync(join(folder, 'ca.crt'), world.sandbox.authority);
  }
}
