import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { Refusal, say } from './say.mjs';

/**
 * Ports are chosen below the range from which systems take the source ports of connections: one of
 * those could take a port of ours between two starts.
 */
const lowest = 20_000;
const highest = 32_000;

export async function freePort() {
  for (let tries = 0; tries < 200; tries += 1) {
    const port = lowest + Math.floor(Math.random() * (highest - lowest));
    if (await isFree(port)) return port;
  }
  throw new Refusal(`No free port was found between ${lowest} and ${highest}.`);
}

/**
 * The ports of a data folder: chosen at the first start and kept, unless another program has taken one
 * meanwhile; then another is chosen. One that was asked for, in `given`, is never replaced.
 */
export async function rememberedPorts(paths, names, given = {}) {
  const known = readPorts(paths.ports);
  const ports = { ...known };
  for (const name of names) ports[name] = await portFor(name, { known, given });
  writeFileSync(paths.ports, `${JSON.stringify(ports, null, 2)}\n`);
  return ports;
}

async function portFor(name, { known, given }) {
  const asked = given[name];
  if (asked !== undefined) {
    if (await isFree(asked)) return asked;
    throw new Refusal(
      `Port ${asked}, which was asked for ${name}, is taken by another program; please stop that ` +
        'program or ask for another port.',
    );
  }
  const kept = known[name];
  if (kept !== undefined && (await isFree(kept))) return kept;
  const port = await freePort();
  if (kept !== undefined)
    say(`port ${kept} is taken by another program; ${name} uses ${port} instead`);
  return port;
}

function readPorts(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return {};
  }
}

export function isFree(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () =>
      server.close(() => resolve(true)),
    );
  });
}
