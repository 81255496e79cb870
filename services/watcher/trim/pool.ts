import { digestVmTemplate } from '#shared/cluster/template-digest.ts';
import type { DigestKey } from '#shared/cluster/template-digest.ts';
import type { Pool, Template } from '#shared/contract/objects.ts';
import { readClaims, readDisks } from './disks.ts';
import { readNodeSelector, readRunStrategy } from './machine-state.ts';
import { readMeta } from './meta.ts';
import { fieldsOf, flagOf, isSet, textMapOf } from './read.ts';
import type { Fields } from './read.ts';
import { readSetFields, replicasProblem } from './set-fields.ts';
import { readStrategies } from './strategies.ts';

/** Fields of the spec of which it is told that they are set, whatever their content. */
const noted = ['scaleInStrategy', 'updateStrategy', 'autohealing', 'maxUnavailable'] as const;

export function trimPool(raw: Fields, key: DigestKey): Pool {
  const spec = fieldsOf(raw['spec']);
  const found = findTemplate(spec);
  const strategies = readStrategies(spec);
  const problem = found.problem ?? replicasProblem(spec) ?? strategies.problem;
  const nameGeneration = readNameGeneration(spec['nameGeneration']);
  return {
    kind: 'VirtualMachinePool',
    meta: readMeta('VirtualMachinePool', raw['metadata']),
    ...readSetFields(raw),
    ...(found.template === undefined ? {} : { template: readTemplate(found.template, key) }),
    ...(problem === undefined ? {} : { problem }),
    ...(nameGeneration === undefined ? {} : { nameGeneration }),
    ...strategies.told,
    present: noted.filter((name) => isSet(spec[name])),
  };
}

/** A pool's template has two spellings, KubeVirt's and the shorter one of our own CRD. */
export function poolTemplateOf(spec: Fields): unknown {
  return isSet(spec['virtualMachineTemplate']) ? spec['virtualMachineTemplate'] : spec['template'];
}

type Found = { readonly template?: Fields; readonly problem?: string };

function findTemplate(spec: Fields): Found {
  if (isSet(spec['virtualMachineTemplate']) && isSet(spec['template'])) {
    return { problem: 'spec.virtualMachineTemplate and spec.template are both set; one must go' };
  }
  const template = poolTemplateOf(spec);
  if (!isSet(template)) return { problem: 'spec.virtualMachineTemplate is missing' };
  return { template: fieldsOf(template) };
}

function readTemplate({ metadata, spec }: Fields, key: DigestKey): Template {
  const vmi = fieldsOf(fieldsOf(spec)['template']);
  const runStrategy = readRunStrategy(spec);
  return {
    digest: digestVmTemplate({ metadata, spec }, key),
    labels: textMapOf(fieldsOf(metadata)['labels']),
    vmiLabels: textMapOf(fieldsOf(vmi['metadata'])['labels']),
    ...readNodeSelector(vmi['spec']),
    ...(runStrategy === undefined ? {} : { runStrategy }),
    disks: readDisks(spec),
    claims: readClaims(vmi['spec']),
  };
}

function readNameGeneration(raw: unknown): Pool['nameGeneration'] {
  if (!isSet(raw)) return undefined;
  const configMaps = flagOf(fieldsOf(raw)['appendIndexToConfigMapRefs']);
  const secrets = flagOf(fieldsOf(raw)['appendIndexToSecretRefs']);
  const hostname = flagOf(fieldsOf(raw)['setHostnameToVMName']);
  return {
    ...(configMaps === undefined ? {} : { appendIndexToConfigMapRefs: configMaps }),
    ...(secrets === undefined ? {} : { appendIndexToSecretRefs: secrets }),
    ...(hostname === undefined ? {} : { setHostnameToVMName: hostname }),
  };
}
