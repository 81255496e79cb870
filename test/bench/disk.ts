import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { quantilesOf } from './rows.ts';
import type { Row } from './rows.ts';

/** The time that everything durable waits for: it flatters or ruins all other numbers. */
export async function diskRows(folder: string): Promise<readonly Row[]> {
  const path = join(folder, 'fsync-probe');
  const file = await open(path, 'w');
  const times: number[] = [];
  for (let written = 0; written < 200; written += 1) {
    await file.write(Buffer.alloc(4096, written), 0, 4096, 0);
    const began = performance.now();
    await file.datasync();
    times.push(performance.now() - began);
  }
  await file.close();
  await rm(path);
  const { p50, p99 } = quantilesOf(times);
  const value = `${p50.toFixed(2)} / ${p99.toFixed(2)} ms`;
  return [{ what: 'disk: fdatasync of 4 KB, p50 / p99', value }];
}
