/** A fault of ours: the process must not go on. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError';
}

/** Fails for what only a bug could break. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InvariantError(message);
}

/** Closes a switch over a union; the compiler refuses it while a member is left. */
export function unreachable(value: never): never {
  throw new InvariantError(`unreachable: ${JSON.stringify(value)}`);
}
