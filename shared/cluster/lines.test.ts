import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LongLineError, splitLines } from './lines.ts';
import type { Line } from './lines.ts';

async function* chunksOf(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let start = 0;
  for (let turn = 0; start < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    yield bytes.subarray(start, start + size);
    start += size;
  }
}

async function linesOf(text: string, sizes: readonly number[], most = 1000): Promise<Line[]> {
  const lines: Line[] = [];
  for await (const line of splitLines(chunksOf(Buffer.from(text), sizes), most)) lines.push(line);
  return lines;
}

test('splits at newlines alone, wherever the chunks end', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll('\n', '\u2028'))),
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
      async (lines, sizes) => {
        const found = await linesOf(lines.map((line) => `${line}\n`).join(''), sizes);
        expect(found).toEqual(lines.map((text) => ({ text, ended: true })));
      },
    ),
  );
});

test('tells a last line that was never ended', async () => {
  expect(await linesOf('one\ntw', [2])).toEqual([
    { text: 'one', ended: true },
    { text: 'tw', ended: false },
  ]);
});

test('gives up on a line past the limit, ended or not', async () => {
  await expect(linesOf('x'.repeat(1001), [100])).rejects.toThrow(LongLineError);
  await expect(linesOf(`${'x'.repeat(1001)}\n`, [5000])).rejects.toThrow(LongLineError);
  expect(await linesOf(`${'x'.repeat(1000)}\n`, [300])).toHaveLength(1);
});
