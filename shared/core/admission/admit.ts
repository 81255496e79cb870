import type { SetKind } from '#shared/contract/kinds.ts';
import { canonicalJson } from '#shared/lib/canonical.ts';
import { annotationVerdict } from './annotation-verdict.ts';
import { required } from './cause.ts';
import type { Cause } from './cause.ts';
import { poolCauses } from './pool-causes.ts';
import { at, fieldsOf, isSet } from './read.ts';
import { replicaSetCauses, volumeVerdict } from './replica-set-causes.ts';
import { immutableCauses } from './selector-causes.ts';
import { policyWarnings } from './policy-warnings.ts';
import { restartWarnings } from './restart-warnings.ts';

/** A write of a set before it is made, with objects that nobody has checked. */
export type AdmissionRequest = {
  readonly kind: SetKind;
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE';
  readonly object: unknown;
  readonly oldObject: unknown;
  /** Who writes. */
  readonly user: string;
};

export type Admitted = {
  /** Empty: the write may go on. */
  readonly causes: readonly Cause[];
  readonly warnings: readonly string[];
};

const nothing: Admitted = { causes: [], warnings: [] };

/**
 * Judges a write by KubeVirt's rules, as far as Rollcall acts on what they speak of, and by its own. A set
 * that is being deleted, and a write that leaves the spec as it is, always pass: otherwise a set that was
 * stored under other rules could never lose its finalizers. Throws for no object whatever.
 */
export function admit({ kind, operation, object, oldObject, user }: AdmissionRequest): Admitted {
  if (operation === 'DELETE' || isSet(at(object, 'metadata', 'deletionTimestamp'))) return nothing;
  const { spec } = fieldsOf(object);
  const annotations = annotationVerdict(object, oldObject);
  const isCreate = operation === 'CREATE';
  const changed = isCreate || !isSame(spec, at(oldObject, 'spec'));
  const set = changed ? specVerdict({ kind, object, oldObject, user }) : nothing;
  const moved = changed && !isCreate ? immutableCauses(spec, at(oldObject, 'spec')) : [];
  return {
    causes: [...set.causes, ...moved, ...annotations.causes],
    warnings: [...annotations.warnings, ...set.warnings],
  };
}

function specVerdict({
  kind,
  object,
  oldObject,
  user,
}: Pick<AdmissionRequest, 'kind' | 'object' | 'oldObject' | 'user'>): Admitted {
  const { spec } = fieldsOf(object);
  if (!isSet(spec)) return { causes: [required('spec', 'the spec is missing')], warnings: [] };
  const fields = fieldsOf(spec);
  switch (kind) {
    case 'VirtualMachinePool': {
      const before = at(oldObject, 'spec');
      const oldFields = isSet(before) ? fieldsOf(before) : undefined;
      return {
        causes: poolCauses(fields, { isKubeVirt: isKubeVirt(user) }),
        warnings: [...policyWarnings(fields), ...restartWarnings(fields, oldFields)],
      };
    }
    case 'VirtualMachineInstanceReplicaSet': {
      const volumes = volumeVerdict(object);
      return {
        causes: [...replicaSetCauses(fields), ...volumes.causes],
        warnings: volumes.warnings,
      };
    }
  }
}

function isSame(left: unknown, right: unknown): boolean {
  return canonicalJson(left) === canonicalJson(right);
}

function isKubeVirt(user: string): boolean {
  return /^system:serviceaccount:[^:]+:kubevirt-[a-z]+$/.test(user);
}
