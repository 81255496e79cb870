export type StartOptions = {
  readonly help: boolean;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly mode?: string;
  readonly kubevirtControllers?: string;
};

export function parseOptions(args: readonly string[], cwd?: string): StartOptions;
