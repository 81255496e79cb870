/** Answers undefined when the program stands at `target`, otherwise the reason in words. */
export function fetchFromDebian(wanted: {
  readonly folder: string;
  readonly program: string;
  readonly target: string;
}): Promise<string | undefined>;
