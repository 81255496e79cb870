import { expect, test } from 'vitest';
import { failureWords } from './failure-words.mjs';

test.each([
  [
    'a missing module is named, not the end of the stack',
    `node:internal/modules/run_main:107
Error [ERR_MODULE_NOT_FOUND]: Cannot find module '/a/b.ts' imported from /a/main.ts
    at finalizeResolution (node:internal/modules/esm/resolve:283:11) {
  code: 'ERR_MODULE_NOT_FOUND',
}

Node.js v24.21.0
`,
    "Cannot find module '/a/b.ts' imported from /a/main.ts",
  ],
  [
    'the cause of a service that failed',
    `{"level":30,"msg":"starting"}
{"level":60,"err":{"type":"Error","message":"listen EADDRINUSE\\nmore"},"msg":"failed"}
{"level":30,"exitCode":1,"msg":"stopped"}
`,
    'listen EADDRINUSE',
  ],
  [
    'what a person must mend',
    `executor: ROLLCALL_CREATES_IN_FLIGHT: expected number
{"level":50,"problem":"ROLLCALL_CREATES_IN_FLIGHT: expected number","msg":"refused to start"}
`,
    'ROLLCALL_CREATES_IN_FLIGHT: expected number',
  ],
  [
    'the last words of Postgres',
    `2026-01-01 00:00:00.000 UTC [7] LOG:  starting PostgreSQL
2026-01-01 00:00:00.000 UTC [7] FATAL:  could not create any TCP/IP sockets
2026-01-01 00:00:00.000 UTC [7] LOG:  database system is shut down
`,
    'could not create any TCP/IP sockets',
  ],
  [
    'the last words of nats-server',
    `[7] 2026/01/01 00:00:00 [INF] Starting
[7] 2026/01/01 00:00:00 [FTL] Can't listen: address already in use
`,
    "Can't listen: address already in use",
  ],
  ['the last line of any other program', 'cannot do it\n', 'cannot do it'],
])('%s', (_, log, words) => {
  expect(failureWords(log)).toBe(words);
});

test('a program that said nothing has no words', () => {
  expect(failureWords('\n')).toBeUndefined();
});

test('a long complaint is cut', () => {
  expect(failureWords('x'.repeat(1_000))).toHaveLength(301);
});
