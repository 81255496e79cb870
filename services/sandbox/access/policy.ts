import { isRecord } from '#shared/lib/canonical.ts';
import { labelQuestion } from '../store/label-question.ts';
import type { Caller, KubeObject } from '../store/types.ts';
import { rulesOf } from './rules.ts';
import type { Rule } from './rules.ts';

/** A binding that concerns a caller, with the rules it brings. */
export type Grant = {
  /** '' where it holds everywhere. */
  readonly namespace: string;
  readonly rules: readonly Rule[];
  /** As a real cluster gives it for its reason. */
  readonly text: string;
  /** The role that the binding names, when it is not there. */
  readonly missing?: string;
};

type Subject = { readonly kind: string; readonly name: string; readonly namespace: string };

type Binding = {
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
  readonly subjects: readonly Subject[];
  readonly role: { readonly kind: string; readonly name: string };
};

/** The roles and bindings of a cluster at one moment. */
export type Policy = {
  readonly bindings: readonly Binding[];
  readonly roles: ReadonlyMap<string, readonly Rule[]>;
};

export type PolicyObjects = {
  readonly roles: readonly KubeObject[];
  readonly clusterRoles: readonly KubeObject[];
  readonly bindings: readonly KubeObject[];
};

export function policyOf({ roles, clusterRoles, bindings }: PolicyObjects): Policy {
  const local = roles.map(
    (role) => [roleKey('Role', namespaceOf(role), role.metadata.name), rulesIn(role)] as const,
  );
  const global = clusterRoles.map(
    (role) =>
      [roleKey('ClusterRole', '', role.metadata.name), allRulesIn(role, clusterRoles)] as const,
  );
  return { bindings: bindings.map(bindingOf), roles: new Map([...local, ...global]) };
}

/** Everything that is granted to a caller, in the order of the bindings. */
export function grantsTo({ bindings, roles }: Policy, caller: Caller): readonly Grant[] {
  return bindings.flatMap((binding) => {
    const subject = binding.subjects.find((one) => isSubject(one, binding.namespace, caller));
    if (subject === undefined) return [];
    const { kind, name } = binding.role;
    const rules = roles.get(roleKey(kind, kind === 'Role' ? binding.namespace : '', name));
    const missing = `${kind.toLowerCase()}.rbac.authorization.k8s.io ${JSON.stringify(name)}`;
    const { namespace } = binding;
    const text = grantText(binding, subject);
    return [{ namespace, rules: rules ?? [], text, ...(rules === undefined && { missing }) }];
  });
}

function grantText({ kind, name, namespace, role }: Binding, subject: Subject): string {
  const where = namespace === '' ? name : `${name}/${namespace}`;
  const who =
    subject.kind === 'ServiceAccount' ? `${subject.name}/${subject.namespace}` : subject.name;
  return `${kind} ${JSON.stringify(where)} of ${role.kind} ${JSON.stringify(role.name)} to ${subject.kind} ${JSON.stringify(who)}`;
}

function roleKey(kind: string, namespace: string, name: string): string {
  return `${kind}/${namespace}/${name}`;
}

function rulesIn(role: KubeObject): readonly Rule[] {
  return rulesOf(role['rules']);
}

/** A role may gather the rules of all that its selectors find. */
function allRulesIn(role: KubeObject, all: readonly KubeObject[]): readonly Rule[] {
  const aggregation = role['aggregationRule'];
  const selectors = isRecord(aggregation) ? aggregation['clusterRoleSelectors'] : undefined;
  if (!Array.isArray(selectors)) return rulesIn(role);
  const questions = selectors.map((selector: unknown) => labelQuestion(selector));
  const found = all.filter(
    ({ metadata }) =>
      metadata.name !== role.metadata.name &&
      questions.some((matches) => matches(metadata.labels ?? {})),
  );
  return [...rulesIn(role), ...found.flatMap(rulesIn)];
}

function isSubject(
  { kind, name, namespace }: Subject,
  bindingNamespace: string,
  caller: Caller,
): boolean {
  switch (kind) {
    case 'User':
      return caller.user === name;
    case 'Group':
      return caller.groups.includes(name);
    case 'ServiceAccount': {
      const home = namespace === '' ? bindingNamespace : namespace;
      return caller.user === `system:serviceaccount:${home}:${name}`;
    }
    default:
      return false;
  }
}

function bindingOf(object: KubeObject): Binding {
  const { kind, metadata } = object;
  const role = isRecord(object['roleRef']) ? object['roleRef'] : {};
  const subjects = Array.isArray(object['subjects']) ? object['subjects'].filter(isRecord) : [];
  return {
    kind,
    name: metadata.name,
    namespace: namespaceOf(object),
    subjects: subjects.map((subject) => ({
      kind: textIn(subject, 'kind'),
      name: textIn(subject, 'name'),
      namespace: textIn(subject, 'namespace'),
    })),
    role: { kind: textIn(role, 'kind'), name: textIn(role, 'name') },
  };
}

function namespaceOf({ metadata }: KubeObject): string {
  return metadata.namespace ?? '';
}

function textIn(record: Readonly<Record<string, unknown>>, field: string): string {
  const value = record[field];
  return typeof value === 'string' ? value : '';
}
