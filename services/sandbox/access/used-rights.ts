import { appendFileSync } from 'node:fs';

import type { Authorizer } from './authorizer.ts';

/** What somebody was let do, or was refused, at least once. */
type UsedRight = {
  readonly user: string;
  readonly allowed: boolean;
  readonly verb: string;
  readonly group: string;
  /** With its subresource, as in a Role. */
  readonly resource: string;
  /** Of namespaces only: elsewhere names are without number, and no Role of ours asks for one. */
  readonly name: string;
};

/**
 * Notes in a file, one line of JSON for each, which rights service accounts make use of: what is granted
 * can then be held against what is needed.
 */
export function notingAuthorizer(authorizer: Authorizer, file: string): Authorizer {
  const known = new Set<string>();
  const note = (right: UsedRight): void => {
    const line = JSON.stringify(right);
    if (known.has(line)) return;
    known.add(line);
    appendFileSync(file, `${line}\n`, { mode: 0o600 });
  };
  return {
    ...authorizer,
    authorize(caller, attributes) {
      const verdict = authorizer.authorize(caller, attributes);
      if (attributes.kind === 'path' || !caller.user.startsWith('system:serviceaccount:')) {
        return verdict;
      }
      const { verb, group, resource: plural, subresource } = attributes;
      const resource = subresource === '' ? plural : `${plural}/${subresource}`;
      const name = resource === 'namespaces' ? attributes.name : '';
      note({ user: caller.user, allowed: verdict.allowed, verb, group, resource, name });
      return verdict;
    },
  };
}
