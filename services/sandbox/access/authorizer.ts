import { readAll } from '../store/read-all.ts';
import type { Caller, Store } from '../store/types.ts';
import type { Attributes } from './attributes.ts';
import { grantsTo, policyOf } from './policy.ts';
import type { Policy } from './policy.ts';
import { ruleAllows } from './rules.ts';
import type { Rule } from './rules.ts';

export type Verdict = {
  readonly allowed: boolean;
  /** In a real cluster's words; '' where it gives none. */
  readonly reason: string;
};

/** Decides who may do what. */
export interface Authorizer {
  authorize(caller: Caller, attributes: Attributes): Verdict;
  /** All rules that hold for a caller in a namespace. */
  rulesFor(caller: Caller, namespace: string): readonly Rule[];
}

export type AuthorizationMode = 'AlwaysAllow' | 'RBAC';

const everything: Rule = {
  verbs: ['*'],
  apiGroups: ['*'],
  resources: ['*'],
  resourceNames: [],
  nonResourceURLs: [],
};
const everyPath: Rule = { ...everything, apiGroups: [], resources: [], nonResourceURLs: ['*'] };

/** Lets everyone do everything, as kube-apiserver's mode of that name. */
export function allowingAuthorizer(): Authorizer {
  return {
    authorize: () => ({ allowed: true, reason: '' }),
    rulesFor: () => [everything, everyPath],
  };
}

/** Asks the Roles and bindings in the store; they are read again after they changed. */
export function roleAuthorizer(store: Store): Authorizer {
  let policy: Policy | undefined;
  store.subscribe(({ definition }) => {
    if (definition.group === group) policy = undefined;
  });
  const current = (): Policy => (policy ??= readPolicy(store));
  return {
    authorize(caller, attributes) {
      if (isMaster(caller)) return { allowed: true, reason: '' };
      const namespace = attributes.kind === 'resource' ? attributes.namespace : '';
      const grants = grantsIn(current(), caller, namespace);
      const found = grants.find(({ rules }) => rules.some((rule) => ruleAllows(rule, attributes)));
      if (found !== undefined) return { allowed: true, reason: `RBAC: allowed by ${found.text}` };
      const missing = grants.flatMap((grant) =>
        grant.missing ? [`${grant.missing} not found`] : [],
      );
      return { allowed: false, reason: missing.length > 0 ? `RBAC: ${listed(missing)}` : '' };
    },
    rulesFor(caller, namespace) {
      const granted = grantsIn(current(), caller, namespace).flatMap(({ rules }) => rules);
      return isMaster(caller) ? [everything, everyPath, ...granted] : granted;
    },
  };
}

function isMaster({ groups }: Caller): boolean {
  return groups.includes('system:masters');
}

function grantsIn(policy: Policy, caller: Caller, namespace: string) {
  return grantsTo(policy, caller).filter(
    (grant) => grant.namespace === '' || (namespace !== '' && grant.namespace === namespace),
  );
}

/** One is told as it is, several in brackets: so Go joins errors. */
function listed(texts: readonly string[]): string {
  return texts.length === 1 ? texts.join('') : `[${texts.join(', ')}]`;
}

const group = 'rbac.authorization.k8s.io';

function readPolicy(store: Store): Policy {
  const all = (plural: string) => readAll(store, { group, version: 'v1', plural });
  return policyOf({
    roles: all('roles'),
    clusterRoles: all('clusterroles'),
    bindings: [...all('clusterrolebindings'), ...all('rolebindings')],
  });
}
