import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cleanEnvironment, forPinnedNode } from './environment.mjs';
import { repo } from './paths.mjs';
import { pinnedNode } from './pinned-node.mjs';
import { Refusal, say } from './say.mjs';
import { inTestRun } from './test-run.mjs';

const modules = join(repo, 'node_modules');

/** A tool that passes or fails as one test. */
function tool(name, file, ...args) {
  return {
    name,
    run: async () => ((await runNode([join(modules, file), ...args])) ? passed : failed),
  };
}

/** A project of vitest.config.ts, counted test by test. */
function project(name) {
  return { name, run: (filters) => runVitest(name, filters) };
}

const passed = { passed: 1, failed: 0, skipped: 0 };
const failed = { passed: 0, failed: 1, skipped: 0 };

/** What `npm test` runs, in order; `npm run check` runs those that need no server. */
export const stages = [
  tool('types', 'typescript/bin/tsc', '-p', '.'),
  tool('lint', 'oxlint/bin/oxlint', '--type-aware', '--deny-warnings', '.'),
  tool('format', 'oxfmt/bin/oxfmt', '--check', '.'),
  project('tidy'),
  project('unit'),
  project('simulation'),
  project('integration'),
  project('chaos'),
  project('e2e'),
];

export const stagesWithoutServers = stages.slice(0, 5);

/**
 * Runs stages one after the other and ends with the line that counts. Arguments choose stages by name;
 * all others are handed to vitest, which takes them as parts of file names.
 */
export async function runStages(available, args) {
  const names = new Set(available.map((stage) => stage.name));
  const chosen = available.filter(({ name }) => args.includes(name));
  const filters = args.filter((arg) => !names.has(arg));
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const stage of chosen.length > 0 ? chosen : available) {
    say(`\n=== ${stage.name} ===`);
    const [began, cpuBefore] = [Date.now(), cpuOfEnded()];
    const counts = await stage.run(filters);
    if (interrupted) throw new Refusal('The tests were interrupted.');
    for (const key of Object.keys(total)) total[key] += counts[key];
    const seconds = ((Date.now() - began) / 1000).toFixed(1);
    const cpu =
      cpuBefore === undefined ? '' : `, ${(cpuOfEnded() - cpuBefore).toFixed(1)} s of CPU`;
    say(`--- ${stage.name}: ${wording(counts)} (${seconds} s${cpu})`);
  }
  say(`\n${wording(total)}`);
  if (total.failed > 0 || total.passed === 0) process.exitCode = 1;
}

/**
 * CPU seconds of all processes that have ended below this one, which tell on a busy machine what a stage
 * costs; undefined where there is no /proc.
 */
function cpuOfEnded() {
  try {
    const stat = readFileSync('/proc/self/stat', 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[13]) + Number(fields[14])) / 100;
  } catch {
    return undefined;
  }
}

function wording({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

function runVitest(name, filters) {
  return inTestRun(async ({ folder, env }) => {
    const report = join(folder, 'report.json');
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
    const vitest = join(modules, 'vitest', 'vitest.mjs');
    const args = [vitest, 'run', '--project', name, '--passWithNoTests', ...reporters, ...filters];
    const ok = await runNode(args, env);
    return countReport(report, ok);
  });
}

/**
 * A file that failed to load has no tests that could fail, and an error outside of all tests belongs to
 * none: both count, for a run that is not green must never read as one.
 */
function countReport(file, ok) {
  const report = readReport(file);
  if (report === undefined) return ok ? { passed: 0, failed: 0, skipped: 0 } : failed;
  const brokenFiles = report.testResults.filter(
    (result) =>
      result.status === 'failed' &&
      result.assertionResults.every(({ status }) => status !== 'failed'),
  ).length;
  const failures = report.numFailedTests + brokenFiles;
  return {
    passed: report.numPassedTests,
    failed: ok ? failures : Math.max(1, failures),
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined; // Vitest ended before it could report.
  }
}

let interrupted = false;

/**
 * Runs a script on the pinned Node, out of reach of servers and clusters of the shell. A signal ends the
 * script and is remembered, so that nothing else begins and what is left is tidied up.
 */
export function runNode(args, more = {}) {
  const node = pinnedNode();
  const env = { ...forPinnedNode(cleanEnvironment(process.env), node), ...more };
  const child = spawn(node, args, { cwd: repo, env, stdio: 'inherit' });
  const stop = (signal) => {
    interrupted = true;
    child.kill(signal);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, stop);
  return new Promise((resolve) => {
    child.once('error', () => resolve(false));
    child.once('exit', (code) => resolve(code === 0));
  });
}
