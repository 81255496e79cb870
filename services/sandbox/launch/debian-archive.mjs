import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { debianSource } from './debian-source.mjs';
import { onPath } from './find-program.mjs';
import { lastLines, runCommand } from './run-command.mjs';

/** Debian 13: its nats-server is 2.10, and it runs on Debian 12 as well. */
const suite = 'trixie';

/**
 * Takes one program out of a Debian package of the same name, without installing anything: apt works in
 * a folder of its own, with the archive and the keys that the machine already trusts. Answers undefined
 * when the program stands at `target`, otherwise the reason in words.
 */
export async function fetchFromDebian({ folder, program, target }) {
  const source = debianSource();
  if (source === undefined || onPath('apt-get').length === 0 || onPath('dpkg').length === 0) {
    return 'this machine does not use the Debian archive.';
  }
  rmSync(folder, { recursive: true, force: true });
  const config = writeAptState(folder, source);
  try {
    const quiet = {
      cwd: folder,
      env: { ...process.env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' },
    };
    const apt = (...args) => runCommand('apt-get', ['-qq', '-c', config, ...args], quiet);
    const update = await apt('update');
    if (update.code !== 0) return aptProblem(update.stderr);
    const download = await apt('download', program);
    if (download.code !== 0) return aptProblem(download.stderr);
    const archive = readdirSync(folder).find((name) => name.endsWith('.deb'));
    if (archive === undefined) return 'apt-get download left no package behind.';
    const unpack = await runCommand('dpkg', ['-x', archive, 'unpacked'], quiet);
    const found = ['usr/bin', 'usr/sbin'].map((bin) => join(folder, 'unpacked', bin, program));
    const file = found.find((path) => existsSync(path));
    if (unpack.code !== 0 || file === undefined) return `the package holds no ${program}.`;
    copyFileSync(file, target);
    chmodSync(target, 0o755);
    return undefined;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * The machine's own apt settings stay in force (proxies, date checks), but its lists, caches, sources
 * and hooks do not: a hook of `apt-get update` would clean the machine's cache, or fail for want of
 * rights to it.
 */
function writeAptState(folder, { uri, signedBy }) {
  for (const part of ['state/lists/partial', 'cache/archives/partial']) {
    mkdirSync(join(folder, part), { recursive: true });
  }
  writeFileSync(join(folder, 'status'), '');
  const options = signedBy === undefined ? '' : `[signed-by=${signedBy}] `;
  writeFileSync(join(folder, 'sources.list'), `deb ${options}${uri} ${suite} main\n`);
  const config = join(folder, 'apt.conf');
  const lines = [
    '#clear APT::Update::Pre-Invoke;',
    '#clear APT::Update::Post-Invoke;',
    '#clear APT::Update::Post-Invoke-Success;',
    '#clear Acquire::IndexTargets::deb::Contents-deb;',
    `Dir::State "${folder}/state";`,
    `Dir::State::status "${folder}/status";`,
    `Dir::Cache "${folder}/cache";`,
    `Dir::Etc::SourceList "${folder}/sources.list";`,
    'Dir::Etc::SourceParts "/dev/null";',
    'Dir::Etc::Preferences "/dev/null";',
    'Dir::Etc::PreferencesParts "/dev/null";',
    'Acquire::Languages "none";',
    'Acquire::Retries "2";',
    // Without this a failed download is only a warning, and the package then seems not to exist.
    'APT::Update::Error-Mode "any";',
    // apt would otherwise drop to a user who cannot enter a folder below a private home.
    ...(process.getuid?.() === 0 ? ['APT::Sandbox::User "root";'] : []),
  ];
  writeFileSync(config, `${lines.join('\n')}\n`);
  return config;
}

function aptProblem(stderr) {
  if (
    /Failed to fetch|Could not resolve|Temporary failure|Could not connect|Unable to connect|timed out/.test(
      stderr,
    )
  ) {
    return 'there is no network, or the Debian archive does not answer.';
  }
  return `apt-get says: ${lastLines(stderr, 1)}`;
}
