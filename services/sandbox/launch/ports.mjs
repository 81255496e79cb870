import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { shownPath } from './paths.mjs';
import { Refusal } from './say.mjs';

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

/** The ports of a data folder: chosen at the first start, the same ever after. */
export async function rememberedPorts(paths, names, given = {}) {
  const ports = { ...readPorts(paths.ports), ...given };
  for (const name of names) {
    if (ports[name] === undefined) ports[name] = await freePort();
    else if (!(await isFree(ports[name]))) {
      throw new Refusal(
        `Port ${ports[name]}, which ${name} uses, is taken by another program; please stop that ` +
          `program${given[name] === undefined ? `, or delete ${shownPath(paths.ports)} to let other ports be chosen` : ''}.`,
      );
    }
  }
  writeFileSync(paths.ports, `${JSON.stringify(ports, null, 2)}\n`);
  return ports;
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
