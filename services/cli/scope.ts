import type { SetReference } from './set-reference.ts';

/** What a question is about: a namespace or all, and perhaps one set. */
export type Scope = {
  /** Undefined: all namespaces. */
  readonly namespace: string | undefined;
  readonly set: SetReference | undefined;
};

/** Where a scope looks, for a sentence that says that nothing is there. */
export function describeScope({ namespace }: Scope): string {
  return namespace === undefined ? 'in any namespace' : `in namespace ${namespace}`;
}
