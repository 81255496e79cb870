/** One reason why a write is refused, in the words of a metav1 StatusCause. */
export type Cause = {
  /** Path as KubeVirt's own webhooks give it, e.g. `spec.selector`. */
  readonly field: string;
  readonly reason: CauseReason;
  /** For people; the same for the same fault, whatever the order of fields. */
  readonly message: string;
};

export type CauseReason =
  | 'FieldValueRequired'
  | 'FieldValueInvalid'
  | 'FieldValueDuplicate'
  | 'FieldValueNotSupported';

export function required(field: string, message: string): Cause {
  return { field, reason: 'FieldValueRequired', message };
}

export function invalid(field: string, message: string): Cause {
  return { field, reason: 'FieldValueInvalid', message };
}

export function duplicate(field: string, message: string): Cause {
  return { field, reason: 'FieldValueDuplicate', message };
}

export function unsupported(field: string, message: string): Cause {
  return { field, reason: 'FieldValueNotSupported', message };
}
