import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '#shared/process/clock.ts';
import { openHookToken } from './hook-token.ts';

test('only the token in the file fits, and a rotated one is found by itself', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'rollcall-token-'));
  try {
    const file = join(folder, 'token');
    let nowMs = 0;
    await writeFile(file, 'the-first-token-of-all\n');
    const token = await openHookToken(file, { ...systemClock, monotonicMs: () => nowMs });
    expect(await token.fits('Bearer the-first-token-of-all')).toBe(true);
    for (const wrong of [
      undefined,
      '',
      'Bearer ',
      'Basic the-first-token-of-all',
      'Bearer the-first',
    ]) {
      expect(await token.fits(wrong)).toBe(false);
    }
    await writeFile(file, 'the-second-token-of-all\n');
    nowMs = 6_000;
    expect(await token.fits('Bearer the-second-token-of-all')).toBe(true);
    expect(await token.fits('Bearer the-first-token-of-all')).toBe(false);
    await writeFile(file, 'short');
    await expect(openHookToken(file, systemClock)).rejects.toThrow(/16 characters/);
    await expect(openHookToken(join(folder, 'none'), systemClock)).rejects.toThrow(
      /cannot be read/,
    );
  } finally {
    await rm(folder, { recursive: true });
  }
});
