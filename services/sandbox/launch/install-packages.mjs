import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { repo } from './paths.mjs';
import { lastLines, runCommand } from './run-command.mjs';
import { during, Refusal, say } from './say.mjs';

const modules = join(repo, 'node_modules');
const lockfile = join(repo, 'package-lock.json');
const stamp = join(modules, '.rollcall-installed');

/** Installs the packages of the lockfile unless they are there already. */
export async function installPackages() {
  const digest = lockfileDigest();
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return linkCommands();
  refuseLink();
  if (!installed()) {
    say('installing packages (npm ci; the first time takes half a minute or so)');
    await during('npm ci', npmCi);
  }
  linkCommands();
  // Never written in place: a tree whose files are hard links would change another tree's stamp.
  writeFileSync(`${stamp}.new`, digest);
  renameSync(`${stamp}.new`, stamp);
}

/** npm would empty the folder behind the link, which is another tree's. */
function refuseLink() {
  if (!lstatSync(modules, { throwIfNoEntry: false })?.isSymbolicLink()) return;
  throw new Refusal(
    'node_modules is a link to another folder, and installing packages would empty that one; please ' +
      'remove the link and start again.',
  );
}

function lockfileDigest() {
  return createHash('sha256').update(readFileSync(lockfile)).digest('hex');
}

/**
 * For packages that a person has installed: npm writes its hidden lockfile last, so one that is newer
 * than ours tells of a whole install after it.
 */
function installed() {
  if (existsSync(stamp)) return false;
  const hidden = join(modules, '.package-lock.json');
  return existsSync(hidden) && statSync(hidden).mtimeMs >= statSync(lockfile).mtimeMs;
}

async function npmCi() {
  const args = ['ci', '--prefer-offline', '--no-progress', '--fetch-retry-mintimeout=1000'];
  const fromNpm = process.env.npm_execpath;
  const { code, stderr } =
    fromNpm !== undefined && /npm-cli\.[cm]?js$/.test(fromNpm)
      ? await runCommand(process.execPath, [fromNpm, ...args], { cwd: repo })
      : await runCommand('npm', args, { cwd: repo });
  if (code === 0) return;
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ENOTCACHED/.test(stderr)) {
    throw new Refusal(
      'The packages could not be downloaded: there is no network, or the npm registry does not answer; ' +
        'the first start needs it, so please connect and try again.',
    );
  }
  if (code === 127) throw new Refusal('npm was not found; it comes with Node, please install it.');
  throw new Refusal(`npm ci failed; it says:\n${lastLines(stderr, 8)}`);
}

function linkCommands() {
  for (const name of ['rollcall', 'kubectl-rollcall']) linkCommand(name);
}

/** `npx rollcall` then finds the command at once; without the link npx first copies the package. */
function linkCommand(name) {
  const link = join(modules, '.bin', name);
  if (existsSync(link)) return;
  try {
    unlinkSync(link);
  } catch {
    // There was no broken link in the way.
  }
  symlinkSync('../../services/cli/rollcall.mjs', link);
}
