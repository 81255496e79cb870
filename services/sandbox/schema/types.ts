/** One refusal of a schema, as it stands in a metav1 Status under details.causes. */
export type Cause = { readonly reason: string; readonly message: string; readonly field: string };

/** What a schema makes of an object. */
export type Checked = {
  /** The object with defaults filled in and unknown fields removed. */
  readonly object: unknown;
  /** Empty when the object is valid. */
  readonly causes: readonly Cause[];
  /** Paths of the unknown fields, as the API server names them: `spec.foo`, `spec.list[0].bar`. */
  readonly unknown: readonly string[];
};
