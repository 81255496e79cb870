import type { IncomingMessage } from 'node:http';

import { refusalText } from '../access/attributes.ts';
import type { Authorizer } from '../access/authorizer.ts';
import { serviceAccountCaller } from '../access/account-tokens.ts';
import type { Caller } from '../store/types.ts';
import type { Identity } from './authenticate.ts';
import { failure } from './status.ts';
import type { Status } from './status.ts';

/** The caller, or whom it speaks for by `kubectl --as`, if it may. */
export function impersonated(
  request: IncomingMessage,
  caller: Caller,
  authorizer: Authorizer,
): Identity {
  const wanted = wantedCaller(request);
  if (wanted === undefined) return { kind: 'known', caller };
  for (const subject of subjectsOf(wanted)) {
    const refused = refusal(caller, subject, authorizer);
    if (refused !== undefined) return { kind: 'refused', status: refused };
  }
  return { kind: 'known', caller: completed(wanted), impersonator: caller };
}

function wantedCaller({ headersDistinct }: IncomingMessage): Caller | undefined {
  const user = headersDistinct['impersonate-user']?.[0];
  if (user === undefined || user === '') return undefined;
  const groups = headersDistinct['impersonate-group'] ?? [];
  const uid = headersDistinct['impersonate-uid']?.[0];
  const prefix = 'impersonate-extra-';
  const extra = Object.entries(headersDistinct).flatMap(([name, values]) =>
    name.startsWith(prefix) && values !== undefined
      ? [[decodeURIComponent(name.slice(prefix.length)), values] as const]
      : [],
  );
  return {
    user,
    groups,
    ...(uid !== undefined && { uid }),
    ...(extra.length > 0 && { extra: Object.fromEntries(extra) }),
  };
}

type Subject = {
  readonly resource: 'users' | 'groups' | 'serviceaccounts';
  readonly name: string;
  readonly namespace: string;
};

const accountForm = /^system:serviceaccount:([^:]+):([^:]+)$/;

function subjectsOf({ user, groups }: Caller): readonly Subject[] {
  const [, namespace = '', name = ''] = accountForm.exec(user) ?? [];
  const who: Subject =
    name === ''
      ? { resource: 'users', name: user, namespace: '' }
      : { resource: 'serviceaccounts', name, namespace };
  const all = groups.map((group): Subject => ({ resource: 'groups', name: group, namespace: '' }));
  return [who, ...all];
}

function refusal(caller: Caller, subject: Subject, authorizer: Authorizer): Status | undefined {
  const attributes = {
    kind: 'resource',
    verb: 'impersonate',
    group: '',
    version: '',
    subresource: '',
    ...subject,
  } as const;
  if (authorizer.authorize(caller, attributes).allowed) return undefined;
  const { resource, name } = subject;
  const message = `${resource} ${JSON.stringify(name)} is forbidden: ${refusalText(caller.user, attributes)}`;
  return failure(403, message, { name, kind: resource });
}

/** Groups that follow from who someone is come along by themselves. */
function completed(wanted: Caller): Caller {
  const [, namespace = '', name = ''] = accountForm.exec(wanted.user) ?? [];
  if (name !== '' && wanted.groups.length === 0) {
    return { ...wanted, groups: serviceAccountCaller(namespace, name).groups };
  }
  if (wanted.user === 'system:anonymous' || wanted.groups.includes('system:authenticated')) {
    return wanted;
  }
  return { ...wanted, groups: [...wanted.groups, 'system:authenticated'] };
}
