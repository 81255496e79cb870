import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cleanEnvironment } from '../../services/sandbox/launch/environment.mjs';
import { testPrograms } from '../../services/sandbox/launch/test-programs.mjs';
import { anchorsIn, commandsIn, inlineCommandsIn, linksIn } from '../support/document-commands.ts';
import { runProgram } from '../support/run-program.ts';
import { startRollcall } from '../support/start-rollcall.ts';
import type { Rollcall } from '../support/start-rollcall.ts';
import { until } from '../support/until.ts';

/*
 * The documents, read as a newcomer does: every command is typed in order on one Rollcall and has to do
 * what the text around it promises. A command that cannot be typed here stands below with the reason.
 */

const repo = fileURLToPath(new URL('../..', import.meta.url));
// Rollcall is uninstalled in the last one.
const documents = ['README.md', 'docs/operations.md', 'CONTRIBUTING.md', 'deploy/README.md'];
const programs = ['kubectl', 'npx', 'npm', 'node', 'docker', 'psql', 'curl', 'rollcall', 'virtctl'];

const rulesForOperator = String.raw`{ printf 'apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata: {name: rollcall, namespace: rollcall-system}\nspec:\n'; sed 's/^/  /' deploy/grafana/alerts.yaml; } | kubectl apply -f -`;

const nested = 'is a run of tests itself';
const notTyped: Readonly<Record<string, string>> = {
  'npm start': 'it is what runs while this is typed; launcher.e2e.test.ts types it',
  'npm start -- --kubeconfig FILE --context NAME': 'needs a cluster; rights.e2e.test.ts has one',
  'npm run reset': 'removes the .rollcall of whoever runs this; launcher.e2e.test.ts types it',
  'npm run check': nested,
  'npm test': nested,
  'npm test chaos': nested,
  'ROLLCALL_CHAOS_LONG=1 npm test chaos': nested,
  'ROLLCALL_PROPERTY_SEED=2 npm test unit': nested,
  'ROLLCALL_E2E_KUBECONFIG=FILE npm test e2e': nested,
  'npm run soak -- --seeds 1000': nested,
  'npm run soak -- --sieve': nested,
  'npm run soak -- --minutes 15': nested,
  'npm run soak -- --pools 20': nested,
  'npm run bench': nested,
  'npm run bench -- --kubeconfig FILE': nested,
  'npx rollcall accept-rewind': 'asks; cli.e2e.test.ts answers it',
  'npx rollcall': 'names the program and no command',
  'kubectl get': 'names the program and nothing to get',
  'kubectl (inferred)': 'is what history answers',
  'virtctl console': 'is named as out of scope',
  'npm ci': 'would empty the folder that this runs from',
  'psql -v owner_password="$(cat .rollcall-secrets/postgres/password)" -f deploy/postgres/database.sql':
    'needs a server of the reader',
  'docker build -f deploy/docker/Dockerfile -t REGISTRY/rollcall:0.1.0 .':
    'needs a container engine',
  'kubectl -n rollcall-system wait --for=condition=complete --timeout=5m job/migrate job/provision':
    'the sandbox runs no containers, so that no Job ever completes',
  'kubectl -n rollcall-system delete job migrate provision --ignore-not-found':
    'the sandbox knows no Jobs',
  'kubectl -n rollcall-data port-forward svc/nats 4222 8222 &': 'needs a broker of the reader',
  'kubectl -n rollcall-data port-forward svc/postgres 5432 &': 'needs a database of the reader',
  [`psql -c "alter role rollcall_owner password '$(cat .rollcall-secrets/postgres/password)'"`]:
    'needs a server of the reader',
  'kubectl -n rollcall-system logs deployment/watcher': 'the sandbox runs no containers',
  'kubectl -n rollcall-system rollout restart deployment': 'the sandbox runs no containers',
  'rollcall accept-rewind': 'asks; cli.e2e.test.ts answers it',
  [rulesForOperator]: 'needs the definitions of the operator of Prometheus',
};

/** What a reader puts in for the words in capitals, and what has to be said to one who cannot answer. */
const spokenAs: Readonly<Record<string, string>> = {
  'npx rollcall watch -A':
    'grep -m 1 vmpool/vm-pool-cirros < <(timeout 60 npx rollcall watch -A --after 0 2>/dev/null)',
  // What make-secrets writes there is about servers that are not here.
  'export ROLLCALL_CLI_CONFIG=$PWD/.rollcall-secrets/cli/cli.json':
    'export ROLLCALL_CLI_CONFIG=$PWD/.rollcall/cli.json',
  'export ROLLCALL_KUBECONFIG=$HOME/.kube/config':
    'export ROLLCALL_KUBECONFIG=$PWD/.rollcall/kubeconfig',
  // The sandbox does not run Jobs.
  'kubectl apply -k deploy/steps': 'kubectl kustomize deploy/steps',
  'npx rollcall release vmpool/NAME -n NAMESPACE':
    'npx rollcall release vmpool/vm-pool-cirros -n default --dry-run',
  'npx rollcall release --all': 'npx rollcall release --all --yes',
};

let rollcall: Rollcall;
let environment: Readonly<Record<string, string | undefined>>;
let binaries: string;
let commands: string;
const exported: string[] = [];

beforeAll(async () => {
  // Real autoscalers look every 15 seconds.
  rollcall = await startRollcall({ env: { ROLLCALL_SANDBOX_HPA_INTERVAL_MS: '500' } });
  binaries = (await testPrograms()).bin;
  commands = join(rollcall.home, 'commands');
  linkCommands();
  environment = { ...cleanEnvironment(process.env), ROLLCALL_HOME: rollcall.home };
}, 240_000);

afterAll(async () => {
  await rollcall?.[Symbol.asyncDispose]();
}, 60_000);

/** As the launcher does in node_modules when it installs; packages of an earlier install lack a link. */
function linkCommands(): void {
  mkdirSync(commands);
  for (const name of ['rollcall', 'kubectl-rollcall']) {
    symlinkSync(join(repo, 'services/cli/rollcall.mjs'), join(commands, name));
  }
}

/** Types a line as it is printed, but for the places that differ from reader to reader. */
async function type(line: string): Promise<string> {
  if (farReaching.test(line)) throw new Error(`is not known here, list it with a reason: ${line}`);
  const command = (spokenAs[line] ?? line)
    .replaceAll('$PWD/.rollcall/bin', binaries)
    .replaceAll('$PWD/node_modules/.bin', commands)
    .replaceAll(/(\$PWD\/)?\.rollcall\//g, `${rollcall.home}/`)
    .replaceAll('.rollcall-secrets', join(rollcall.home, 'handed-out'))
    .replaceAll('http://127.0.0.1:PORT', rollcall.gateway())
    .replaceAll(/\bNAME\b/g, 'vm-pool-cirros')
    .replaceAll(/\bSET\b/g, 'vmpool/vm-pool-cirros');
  const script = ['set -e', ...exported, command].join('\n');
  const { stdout } = await runProgram('bash', ['-c', script], { cwd: repo, env: environment });
  if (line.startsWith('export ')) exported.push(command);
  return stdout;
}

/** They start things of their own or reach out, so that a new one is never typed without a thought. */
const farReaching = /^(\w+=\S+ )*(npm|docker|psql|virtctl)\b/;

function textOf(document: string): string {
  return readFileSync(join(repo, document), 'utf8');
}

/** What a reader sees before the next line is typed, because the text has said that it will be so. */
const seenAfter: Readonly<Record<string, () => Promise<void>>> = {
  'kubectl create -f deploy/examples/vm-pool-cirros.yaml': () => machines('0', '1', '2'),
  'kubectl scale vmpool vm-pool-cirros --replicas 5': () => machines('0', '1', '2', '3', '4'),
  'kubectl scale vmpool vm-pool-cirros --replicas 2': async () => {
    await machines('0', '1');
    before = await type(uidOfFirst);
  },
  'kubectl delete vm vm-pool-cirros-0': async () => {
    await machines('0', '1');
    expect(await type(uidOfFirst)).not.toBe(before);
  },
  'kubectl create -f deploy/examples/postgres-cluster.yaml': () =>
    ready('vmpool postgres-cluster -n databases', 3),
  'kubectl scale vmpool postgres-cluster -n databases --replicas 1': () =>
    until('four disks in the book', async () => {
      const rows: unknown = JSON.parse(await type('npx rollcall deleted-volumes -A -o json'));
      return Array.isArray(rows) && rows.length === 4;
    }),
  'kubectl create -f deploy/examples/vmi-cirros-replicaset.yaml': () => replicaSet(2),
  'kubectl scale vmirs vmi-cirros-replicaset --replicas 5': () => replicaSet(5),
  'kubectl scale vmirs vmi-cirros-replicaset --replicas 1': () => replicaSet(1),
  'kubectl annotate vmpool vm-pool-cirros sandbox.rollcall.dev/total-cpu=900m': () =>
    until('more machines than the lowest number', async () => Number(await type(wanted)) > 3, {
      timeoutMs: 120_000,
    }),
};

const uidOfFirst = `kubectl get vm vm-pool-cirros-0 -o jsonpath='{.metadata.uid}'`;
const wanted = `kubectl get vmpool vm-pool-cirros -o jsonpath='{.spec.replicas}'`;
let before = '';

function replicaSet(size: number): Promise<void> {
  return ready('vmirs vmi-cirros-replicaset', size);
}

function ready(set: string, size: number): Promise<void> {
  const sizes = `kubectl get ${set} -o jsonpath='{.status.replicas}/{.status.readyReplicas}'`;
  return until(`${set} of ${size}`, async () => (await type(sizes)) === `${size}/${size}`);
}

/** The pool has ready machines of these ordinals and no others. */
async function machines(...ordinals: readonly string[]): Promise<void> {
  const names = ordinals.map((ordinal) => `vm-pool-cirros-${ordinal}`).join(' ');
  const listed = `kubectl get vm -l kubevirt.io/vmpool=vm-pool-cirros -o jsonpath='{.items[*].metadata.name}'`;
  await until(`exactly ${names}`, async () => (await type(listed)) === names);
  await ready('vmpool vm-pool-cirros', ordinals.length);
}

/** What a command shows, where the text around it says so. */
const shows: Readonly<Record<string, RegExp>> = {
  'npx rollcall history vmpool/vm-pool-cirros': /\b3\b.*\b5\b[^]*\b5\b.*\b2\b/,
  'npx rollcall history vmirs/vmi-cirros-replicaset': /\b5\b.*\b1\b/,
  'npx rollcall deleted-volumes -A': /(postgres-cluster[^\n]*\n[^]*){4}/,
  'kubectl get datavolumes -n databases': /(?:data|os)-disk-0[^]*(?:data|os)-disk-2/,
  'npx rollcall status': /book/,
  'npx rollcall watch -A': /vmpool\/vm-pool-cirros/,
  'npx rollcall sets -A': /vmpool\/postgres-cluster/,
  'kubectl rollcall sets': /vmpool\/vm-pool-cirros/,
  'curl -H "Authorization: Bearer $(cat .rollcall/token)" http://127.0.0.1:PORT/v1/scale-operations?who=alice':
    /"asOf"/,
  'kubectl get hpa': /vm-pool-cirros +VirtualMachinePool\/vm-pool-cirros/,
};

const inBlocks = new Set(
  documents.map(textOf).flatMap((text) => commandsIn(text).map(({ line }) => line)),
);

describe.each(documents)('%s', (document) => {
  const text = textOf(document);

  const typed = commandsIn(text).filter(({ line }) => notTyped[line] === undefined);
  test.each(typed)('$section: $line', async ({ line }) => {
    const said = await type(line);
    if (shows[line] !== undefined) expect(said).toMatch(shows[line]);
    await seenAfter[line]?.();
  });

  test('names only commands in its sentences that can be typed too', async () => {
    for (const line of inlineCommandsIn(text, programs)) {
      if (
        notTyped[line] === undefined &&
        !inBlocks.has(line.replace(/^rollcall /, 'npx rollcall '))
      )
        await type(line);
    }
  });

  test('links to files and headings that are there', () => {
    for (const link of linksIn(text).filter((one) => !/^[a-z]+:/.test(one))) {
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? document : normalize(join(dirname(document), path));
      expect(existsSync(join(repo, target)), link).toBe(true);
      if (anchor !== undefined) expect([...anchorsIn(textOf(target))], link).toContain(anchor);
    }
  });
});

test('what is left out or said in other words still stands in a document', () => {
  const printed = documents.map(textOf).flatMap((text) => {
    return [...commandsIn(text).map(({ line }) => line), ...inlineCommandsIn(text, programs)];
  });
  const special = [notTyped, spokenAs, seenAfter, shows].flatMap((list) => Object.keys(list));
  expect(special.filter((line) => !printed.includes(line))).toEqual([]);
});
