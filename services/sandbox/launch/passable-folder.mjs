import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
} from 'node:fs';
import { realpathSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Refusal } from './say.mjs';

/** Postgres refuses to run as root; where the launcher is root, it runs as this user (nobody). */
export const unprivileged = 65534;

/** Root makes folders below this one only root's, so no other user can lay something in the way. */
const outside = process.platform === 'darwin' ? '/usr/local/var/rollcall' : '/var/lib/rollcall';

export function identity() {
  return process.getuid?.() === 0 ? { uid: unprivileged, gid: unprivileged } : {};
}

/**
 * A folder that Postgres can reach. That is `wanted` itself, unless the launcher is root and a folder
 * above is private (such as /root): then it is one below /var/lib/rollcall, and `wanted` links to it.
 */
export function passableFolder(wanted) {
  if (isLink(wanted)) return followedLink(wanted);
  mkdirSync(dirname(wanted), { recursive: true });
  if (process.getuid?.() !== 0 || canPass(realpathSync(dirname(wanted)))) {
    mkdirSync(wanted, { recursive: true });
    if (process.getuid?.() === 0) chmodSync(wanted, 0o711);
    return wanted;
  }
  if (existsSync(wanted)) {
    throw new Refusal(
      `Postgres cannot reach ${wanted} any more, because a folder above it became private.`,
    );
  }
  return outsideFolder(wanted);
}

function outsideFolder(wanted) {
  const place = realpathSync(dirname(wanted));
  const hash = createHash('sha256')
    .update(join(place, basename(wanted)))
    .digest('hex')
    .slice(0, 12);
  const target = join(outside, `${basename(wanted)}-${hash}`);
  try {
    // Without a link to it, it is what somebody's own removal of the data folder has left behind.
    rmSync(target, { recursive: true, force: true });
    for (const folder of [outside, target]) {
      mkdirSync(folder, { recursive: true });
      chmodSync(folder, 0o711);
    }
  } catch (cause) {
    throw new Refusal(
      `Postgres does not run as root, and its data cannot be put in ${outside} (${cause.code}); please ` +
        'start as an ordinary user, or from a folder that other users can pass through.',
    );
  }
  writeFileSync(join(target, 'belongs-to'), wanted);
  symlinkSync(target, wanted);
  return target;
}

/** A copied or moved repo brings its link along: data of a repo that still exists is not taken over. */
function followedLink(wanted) {
  const target = readlinkSync(wanted);
  const marker = join(target, 'belongs-to');
  if (!existsSync(target)) {
    rmSync(wanted);
    return passableFolder(wanted);
  }
  const owner = existsSync(marker) ? readFileSync(marker, 'utf8') : '';
  if (owner !== wanted && isLink(owner)) {
    throw new Refusal(
      `${wanted} links to ${target}, which belongs to ${owner}; please remove the link.`,
    );
  }
  writeFileSync(marker, wanted);
  return target;
}

/**
 * Removes what links of ours in or below a folder point to; anything else is left alone. Only root puts
 * data outside, so an ordinary user has nothing there and may not even look.
 */
export function removeOutsideBelow(folder) {
  if (process.getuid?.() !== 0 || !existsSync(outside)) return;
  for (const name of readdirSync(outside)) {
    const marker = join(outside, name, 'belongs-to');
    const wanted = existsSync(marker) ? readFileSync(marker, 'utf8') : '';
    if (wanted.startsWith(`${folder}/`))
      rmSync(join(outside, name), { recursive: true, force: true });
  }
}

function canPass(folder) {
  const { mode, uid } = statSync(folder);
  const enters = uid === unprivileged ? mode & 0o100 : mode & 0o001;
  return enters !== 0 && (folder === '/' || canPass(dirname(folder)));
}

function isLink(path) {
  return path !== '' && lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}
