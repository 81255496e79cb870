export type AptSource = {
  readonly uri: string;
  readonly suite: string;
  readonly components: readonly string[];
  /** The keyring file that is named; undefined when none is, or when the key is written out. */
  readonly signedBy: string | undefined;
};

export function oneLineSources(text: string): readonly AptSource[];
export function stanzaSources(text: string): readonly AptSource[];
export function debianSource(
  etc?: string,
): { readonly uri: string; readonly signedBy: string | undefined } | undefined;
