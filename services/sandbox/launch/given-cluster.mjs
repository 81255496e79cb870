import { parseOptions } from './options.mjs';

/**
 * The cluster that tests are given with ROLLCALL_E2E_KUBECONFIG, as the launcher's options for it;
 * undefined where they use a sandbox of their own. Files are named from where the command was typed.
 */
export function givenCluster(env) {
  const { ROLLCALL_E2E_KUBECONFIG: file, ROLLCALL_E2E_CONTEXT: context } = env;
  if (!file) return undefined;
  const controllers = env.ROLLCALL_E2E_KUBEVIRT_CONTROLLERS;
  return parseOptions([
    ...['--kubeconfig', file],
    ...(context ? ['--context', context] : []),
    ...(controllers ? ['--kubevirt-controllers', controllers] : []),
  ]);
}
