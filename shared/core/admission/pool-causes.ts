import { invalid, required } from './cause.ts';
import type { Cause } from './cause.ts';
import { machineCauses } from './machine-rules.ts';
import { fieldsOf, isSet } from './read.ts';
import type { Fields } from './read.ts';
import { selectorCauses } from './selector-causes.ts';
import { sizeCauses } from './size-causes.ts';
import { strategyCauses } from './strategy-rules.ts';

/** What is wrong with the spec of a pool. Source: kubevirt vmpool-admitter.go, ValidateVMPoolSpec. */
export function poolCauses(
  spec: Fields,
  { isKubeVirt }: { readonly isKubeVirt: boolean },
): readonly Cause[] {
  const { virtualMachineTemplate, template } = spec;
  if (isSet(virtualMachineTemplate) && isSet(template)) {
    const message = 'template is a spelling of virtualMachineTemplate; give only one of the two';
    return [invalid('spec.template', message)];
  }
  const field = poolTemplateField(spec);
  const used = fieldsOf(spec)[field.slice('spec.'.length)];
  // KubeVirt names the field so, whatever it is called in the spec.
  if (!isSet(used)) return [required('spec.template', 'the pool has no template for its machines')];
  const machine = fieldsOf(used)['spec'];
  return [
    ...sizeCauses(spec),
    ...machineCauses(machine, { field: `${field}.spec`, isKubeVirt }),
    ...selectorCauses({ kind: 'VirtualMachinePool', spec, template: used, field }),
    ...strategyCauses(spec),
  ];
}

/** Path of a pool's template in the spelling that the spec uses. */
export function poolTemplateField(spec: Fields): 'spec.template' | 'spec.virtualMachineTemplate' {
  const isShort = isSet(spec['template']) && !isSet(spec['virtualMachineTemplate']);
  return isShort ? 'spec.template' : 'spec.virtualMachineTemplate';
}
