import { expect, test } from 'vitest';
import { canonicalJson } from '#shared/lib/canonical.ts';
import { storable } from './writable.ts';

test('what Postgres refuses is replaced in the derived rows', () => {
  expect(storable('a\u0000b\ud800c')).toBe('a\ufffdb\ufffdc');
  expect(storable('plain → text 😀')).toBe('plain → text 😀');
});

test('the body of an entry keeps it, escaped', () => {
  expect(canonicalJson({ text: '\u0000\ud800' })).toBe('{"text":"\\u0000\\ud800"}');
});
