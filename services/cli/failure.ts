/** Exit codes, as `rollcall --help` tells them. */
export const exitCodes = { ok: 0, error: 1, usage: 2, unavailable: 3 } as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** Ends a command with one line on stderr. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly exitCode: ExitCode;

  constructor(message: string, exitCode: ExitCode, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

export function usageError(message: string): CommandError {
  return new CommandError(message, exitCodes.usage);
}

export function unavailableError(message: string, options?: ErrorOptions): CommandError {
  return new CommandError(message, exitCodes.unavailable, options);
}
