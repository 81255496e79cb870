import { digestVmiTemplate } from '#shared/cluster/template-digest.ts';
import type { DigestKey } from '#shared/cluster/template-digest.ts';
import type { ReplicaSet, Template } from '#shared/contract/objects.ts';
import { isRecord } from '#shared/lib/canonical.ts';
import { readClaims } from './disks.ts';
import { readNodeSelector } from './machine-state.ts';
import { readMeta } from './meta.ts';
import { fieldsOf, textMapOf, textOf } from './read.ts';
import type { Fields } from './read.ts';
import { readSetFields, replicasProblem } from './set-fields.ts';

export function trimReplicaSet(raw: Fields, key: DigestKey): ReplicaSet {
  const meta = readMeta('VirtualMachineInstanceReplicaSet', raw['metadata']);
  const spec = fieldsOf(raw['spec']);
  const { template } = spec;
  const found = isRecord(template) ? readTemplate(template, meta.name, key) : undefined;
  const problem = found === undefined ? 'spec.template is missing' : replicasProblem(spec);
  return {
    kind: 'VirtualMachineInstanceReplicaSet',
    meta,
    ...readSetFields(raw),
    ...(found === undefined ? {} : { template: found }),
    ...(problem === undefined ? {} : { problem }),
  };
}

function readTemplate(template: Fields, setName: string, key: DigestKey): Template {
  const { name, generateName, labels } = fieldsOf(template['metadata']);
  const vmiLabels = textMapOf(labels);
  return {
    digest: digestVmiTemplate(template, key),
    labels: vmiLabels,
    vmiLabels,
    ...readNodeSelector(template['spec']),
    // No dash is added (kubevirt replicaset.go, spec.template.metadata.name).
    namePrefix: textOf(name) || textOf(generateName) || setName,
    disks: [],
    claims: readClaims(template['spec']),
  };
}
