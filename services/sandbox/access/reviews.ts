import { isRecord } from '#shared/lib/canonical.ts';
import type { Caller } from '../store/types.ts';
import type { Attributes } from './attributes.ts';
import type { Authorizer, Verdict } from './authorizer.ts';
import type { Rule } from './rules.ts';

type Fields = Readonly<Record<string, unknown>>;

export type ReviewParts = {
  readonly authorizer: Authorizer;
  /** Who a bearer token proves. */
  readonly callerOf: (token: string) => Caller | undefined;
};

export type Review = {
  readonly kind: string;
  readonly caller: Caller;
  /** '' for reviews of the whole cluster. */
  readonly namespace: string;
  /** The object of the request, checked by its schema. */
  readonly object: Fields;
};

/** The status of a review: the answer to the question that its spec asks. */
export function reviewStatus(parts: ReviewParts, review: Review): Fields {
  const spec = recordOf(review.object['spec']);
  const { authorizer } = parts;
  switch (review.kind) {
    case 'TokenReview':
      return tokenStatus(parts.callerOf(textIn(spec, 'token')), spec);
    case 'SelfSubjectReview':
      return { userInfo: userInfo(review.caller) };
    case 'SelfSubjectRulesReview':
      return rulesStatus(authorizer.rulesFor(review.caller, textIn(spec, 'namespace')));
    case 'SelfSubjectAccessReview':
      return accessStatus(authorizer.authorize(review.caller, attributesOf(spec, '')));
    case 'LocalSubjectAccessReview':
    case 'SubjectAccessReview':
      return accessStatus(
        authorizer.authorize(callerIn(spec), attributesOf(spec, review.namespace)),
      );
    default:
      return {};
  }
}

function tokenStatus(caller: Caller | undefined, spec: Fields): Fields {
  if (caller === undefined) return { user: {}, error: 'invalid bearer token' };
  const audiences = textsIn(spec, 'audiences');
  return {
    authenticated: true,
    user: userInfo(caller),
    audiences: audiences.length > 0 ? audiences : ['https://kubernetes.default.svc'],
  };
}

function userInfo({ user, uid, groups, extra }: Caller): Fields {
  return {
    username: user,
    ...(uid !== undefined && uid !== '' && { uid }),
    ...(groups.length > 0 && { groups }),
    ...(extra && { extra }),
  };
}

function accessStatus({ allowed, reason }: Verdict): Fields {
  return { allowed, ...(reason !== '' && { reason }) };
}

function callerIn(spec: Fields): Caller {
  return { user: textIn(spec, 'user'), groups: textsIn(spec, 'groups') };
}

function attributesOf(spec: Fields, namespace: string): Attributes {
  const { nonResourceAttributes, resourceAttributes } = spec;
  if (isRecord(nonResourceAttributes)) {
    const verb = textIn(nonResourceAttributes, 'verb');
    return { kind: 'path', verb, path: textIn(nonResourceAttributes, 'path') };
  }
  const asked = recordOf(resourceAttributes);
  return {
    kind: 'resource',
    verb: textIn(asked, 'verb'),
    group: textIn(asked, 'group'),
    version: textIn(asked, 'version'),
    resource: textIn(asked, 'resource'),
    subresource: textIn(asked, 'subresource'),
    namespace: textIn(asked, 'namespace') || namespace,
    name: textIn(asked, 'name'),
  };
}

/** A real cluster tells rules for resources and for paths apart. */
function rulesStatus(rules: readonly Rule[]): Fields {
  const resourceRules = rules
    .filter(({ resources }) => resources.length > 0)
    .map(({ verbs, apiGroups, resources, resourceNames }) => ({
      verbs,
      apiGroups,
      resources,
      ...(resourceNames.length > 0 && { resourceNames }),
    }));
  const nonResourceRules = rules
    .filter(({ nonResourceURLs }) => nonResourceURLs.length > 0)
    .map(({ verbs, nonResourceURLs }) => ({ verbs, nonResourceURLs }));
  return { resourceRules, nonResourceRules, incomplete: false };
}

function recordOf(value: unknown): Fields {
  return isRecord(value) ? value : {};
}

function textIn(record: Fields, field: string): string {
  const value = record[field];
  return typeof value === 'string' ? value : '';
}

function textsIn(record: Fields, field: string): readonly string[] {
  const value = record[field];
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}
