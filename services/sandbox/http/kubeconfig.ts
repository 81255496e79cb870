export type KubeconfigFacts = {
  readonly server: string;
  /** PEM text of the authority. */
  readonly authority: string;
  readonly user: string;
  readonly token: string;
};

/** The kubeconfig of one user; JSON is YAML, but people read this file, so it is written as YAML. */
export function kubeconfigText({ server, authority, user, token }: KubeconfigFacts): string {
  const name = 'rollcall-sandbox';
  return [
    'apiVersion: v1',
    'kind: Config',
    'clusters:',
    `- name: ${name}`,
    '  cluster:',
    `    server: ${server}`,
    `    certificate-authority-data: ${Buffer.from(authority, 'utf8').toString('base64')}`,
    'users:',
    `- name: ${user}`,
    '  user:',
    `    token: ${token}`,
    'contexts:',
    `- name: ${name}`,
    '  context:',
    `    cluster: ${name}`,
    `    user: ${user}`,
    '    namespace: default',
    `current-context: ${name}`,
    'preferences: {}',
    '',
  ].join('\n');
}
