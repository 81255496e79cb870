export function sandboxIsReady(kubeconfig: string): Promise<boolean>;
