import type { RawObject } from '#shared/cluster/cluster.ts';
import { setKindNamed } from '#shared/contract/set-spelling.ts';
import { parseSelector, selectorMatches } from '#shared/core/selector.ts';
import type { LiveSet } from '../live-sets.ts';
import {
  fieldOf,
  listAt,
  nameOf,
  namespaceOf,
  textAt,
  textsAt,
  vmTemplateOf,
} from '../raw-fields.ts';
import { formatSet } from '../set-reference.ts';
import { orFine, unseen } from './examination.ts';
import type { Check, Finding } from './examination.ts';
import { selectorIn } from './selector-in.ts';

/**
 * An autoscaler measures the pods that the set's selector finds. A virt-launcher carries the labels of the
 * VMI template, so a selector that matches only the VM's own labels measures nothing.
 */
export const autoscalerPods: Check = {
  name: 'autoscaler and pods',
  judge(seen) {
    if (!seen.autoscalers.ok) return unseen(seen.autoscalers.problem);
    if (!seen.sets.ok) return unseen(seen.sets.problem);
    const sets = seen.sets.value;
    const launchers = seen.launchers.ok ? seen.launchers.value : undefined;
    const troubles = seen.autoscalers.value.flatMap((autoscaler): readonly Finding[] => {
      if (!measuresPods(autoscaler)) return [];
      const set = sets.find((one) => isTarget(autoscaler, one));
      return set === undefined ? [] : judgeOne(autoscaler, set, launchers);
    });
    return orFine(troubles, 'every autoscaler of a set finds its pods');
  },
};

function judgeOne(
  autoscaler: RawObject,
  set: LiveSet,
  launchers: readonly RawObject[] | undefined,
): readonly Finding[] {
  const about = `${set.namespace} hpa/${nameOf(autoscaler)}`;
  const shown = formatSet(set.kind, set.name);
  const parsed = parseSelector(selectorIn(fieldOf(set.object, 'spec', 'selector')));
  if ('problem' in parsed) return [];
  if (!selectorMatches(parsed, vmiLabels(set))) {
    const found = `the selector of ${shown} does not match the labels of its VMI template, so no virt-launcher pod is measured`;
    const where =
      set.kind === 'VirtualMachinePool'
        ? 'spec.virtualMachineTemplate.spec.template.metadata.labels'
        : 'spec.template.metadata.labels';
    return [
      { level: 'fail', about, found, remedy: `write the selector's labels in ${where}, too` },
    ];
  }
  const isSeen = launchers?.some(
    (pod) =>
      namespaceOf(pod) === set.namespace &&
      selectorMatches(parsed, textsAt(pod, 'metadata', 'labels')),
  );
  if (isSeen !== false || set.desired === 0 || set.current === 0) return [];
  const found = `no virt-launcher pod of ${shown} has the labels of its selector yet`;
  return [
    { level: 'warn', about, found, remedy: 'members of an older template get them by a restart' },
  ];
}

/** A pool's members carry the labels of the VMI template inside the VM template. */
function vmiLabels({ kind, object }: LiveSet): Readonly<Record<string, string>> {
  if (kind === 'VirtualMachineInstanceReplicaSet') {
    return textsAt(object, 'spec', 'template', 'metadata', 'labels');
  }
  return textsAt(vmTemplateOf(object), 'spec', 'template', 'metadata', 'labels');
}

function isTarget(autoscaler: RawObject, set: LiveSet): boolean {
  const target = fieldOf(autoscaler, 'spec', 'scaleTargetRef');
  return (
    namespaceOf(autoscaler) === set.namespace &&
    setKindNamed(textAt(target, 'kind') ?? '') === set.kind &&
    textAt(target, 'name') === set.name
  );
}

/** Only these kinds of metrics are asked for by pod. */
function measuresPods(autoscaler: RawObject): boolean {
  const metrics = listAt(autoscaler, 'spec', 'metrics');
  if (metrics.length === 0) return true;
  return metrics.some((metric) =>
    ['Resource', 'ContainerResource', 'Pods'].includes(textAt(metric, 'type') ?? ''),
  );
}
