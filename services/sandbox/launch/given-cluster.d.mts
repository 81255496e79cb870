export type GivenCluster = {
  readonly kubeconfig: string;
  readonly context?: string;
  readonly kubevirtControllers: 'running' | 'off';
};

export function givenCluster(
  env: Readonly<Record<string, string | undefined>>,
): GivenCluster | undefined;
