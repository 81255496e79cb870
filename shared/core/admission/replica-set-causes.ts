import { volumeSafetyAnnotation } from '#shared/contract/words.ts';
import { sharedVolumesText } from '../replicaset/volume-safety.ts';
import { invalid, required } from './cause.ts';
import type { Cause } from './cause.ts';
import { claimNames, diskCauses } from './machine-rules.ts';
import { at, isSet } from './read.ts';
import type { Fields } from './read.ts';
import { selectorCauses } from './selector-causes.ts';
import { sizeCauses } from './size-causes.ts';

const kind = 'VirtualMachineInstanceReplicaSet';

/** What is wrong with the spec of a replica set. Source: kubevirt vmirs-admitter.go, ValidateVMIRSSpec. */
export function replicaSetCauses(spec: Fields): readonly Cause[] {
  const field = 'spec.template';
  const { template } = spec;
  if (!isSet(template)) return [required(field, 'the set has no template for its instances')];
  return [
    ...sizeCauses(spec),
    ...diskCauses(at(template, 'spec'), `${field}.spec`),
    ...selectorCauses({ kind, spec, template, field }),
  ];
}

export type VolumeVerdict = {
  readonly causes: readonly Cause[];
  readonly warnings: readonly string[];
};

/** Volumes that every instance would write: told, refused or passed over as the annotation says. */
export function volumeVerdict(object: unknown): VolumeVerdict {
  const names = [...claimNames(at(object, 'spec', 'template', 'spec'))];
  const policy = at(object, 'metadata', 'annotations', volumeSafetyAnnotation);
  if (names.length === 0 || policy === 'ignore') return { causes: [], warnings: [] };
  const text = sharedVolumesText(names);
  if (policy !== 'enforce') return { causes: [], warnings: [text] };
  return { causes: [invalid('spec.template.spec.volumes', text)], warnings: [] };
}
