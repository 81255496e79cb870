import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { silentLogger } from '#shared/process/logger.ts';
import type { Tls } from './app.ts';
import { followCertificate, readTls } from './certificate.ts';

function inFiles(tls: Tls) {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-tls-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const files = { cert: join(folder, 'tls.crt'), key: join(folder, 'tls.key') };
  const write = (next: Partial<Tls>): void => {
    if (next.cert !== undefined) writeFileSync(files.cert, next.cert);
    if (next.key !== undefined) writeFileSync(files.key, next.key);
  };
  write(tls);
  return { files, write };
}

/** Runs the looks one after the other, each after its own change of the files, and says what is shown. */
async function looks(first: Tls, changes: readonly Partial<Tls>[]): Promise<readonly Tls[]> {
  const { files, write } = inFiles(first);
  const shown: Tls[] = [];
  const ending = new AbortController();
  const left = [...changes];
  const sleep = async (): Promise<void> => {
    const next = left.shift();
    if (next === undefined) ending.abort();
    else write(next);
  };
  const clock = { monotonicMs: () => 0, wallMs: () => 0, sleep };
  const present = (tls: Tls): void => {
    if (tls.cert.slice(-1) !== tls.key.slice(-1)) throw new Error('key values mismatch');
    shown.push(tls);
  };
  const log = silentLogger();
  await followCertificate({ files, shown: first, present, clock, log }, ending.signal);
  return shown;
}

const old = { cert: 'certificate 1', key: 'key 1' };
const renewed = { cert: 'certificate 2', key: 'key 2' };

test('a renewed certificate is shown once, and one that stays is not shown anew', async () => {
  expect(await looks(old, [{}, renewed, {}])).toEqual([renewed]);
});

test('a certificate whose key is not there yet is not shown, and the pair is as soon as it fits', async () => {
  expect(await looks(old, [{ cert: renewed.cert }, { key: renewed.key }])).toEqual([renewed]);
});

test('a file that cannot be read is refused with its name', async () => {
  await expect(readTls({ cert: '/nowhere/tls.crt', key: '/nowhere/tls.key' })).rejects.toThrow(
    'the TLS file /nowhere/tls.crt cannot be read',
  );
});
