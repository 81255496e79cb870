import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parseOptions } from './options.mjs';

const file = fileURLToPath(import.meta.url);

test('the sandbox is managed, and its KubeVirt controllers are off', () => {
  expect(parseOptions([])).toMatchObject({ mode: 'manage', kubevirtControllers: 'off' });
});

test('a real cluster is only observed unless the command line says more', () => {
  expect(parseOptions(['--kubeconfig', file])).toMatchObject({
    kubeconfig: file,
    mode: 'observe',
    kubevirtControllers: 'running',
  });
  expect(parseOptions(['--kubeconfig', file, '--mode', 'advise'])).toMatchObject({
    mode: 'advise',
  });
});

test.each([
  [['--context', 'prod'], /--kubeconfig FILE is needed/],
  [['--kubeconfig', '/not/there'], /There is no kubeconfig file at/],
  [['--mode', 'rule'], /--mode is one of observe, advise, manage/],
  [['--kubeconfg', file], /Unknown option '--kubeconfg'; /],
  [['something'], /something/],
])('%j is refused in one sentence', (args, sentence) => {
  expect(() => parseOptions(args)).toThrow(sentence);
});
