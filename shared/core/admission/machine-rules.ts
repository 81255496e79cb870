import { duplicate, invalid, required, unsupported } from './cause.ts';
import type { Cause } from './cause.ts';
import { at, fieldsOf, isSet, listOf, wordOf } from './read.ts';

const runStrategies = [
  'Always',
  'Halted',
  'Manual',
  'Once',
  'RerunOnFailure',
  'WaitAsReceiver',
] as const;

/** Written by KubeVirt alone; on a template they would hand machines to the wrong hands. */
const reservedLabels = [
  'kubevirt.io/created-by',
  'kubevirt.io/install-strategy',
  'kubevirt.io/migrationJobUID',
  'kubevirt.io/migrationTargetNodeName',
  'kubevirt.io/nodeName',
  'kubevirt.io/schedulable',
] as const;

export type MachineRules = {
  /** Path of the VM spec. */
  readonly field: string;
  /** Whether the writer is KubeVirt itself. */
  readonly isKubeVirt: boolean;
};

/**
 * What we hold a VM spec to: what we stamp or read of it. Its instance's hardware is KubeVirt's to check,
 * which it does again for each machine. Source: kubevirt vms-admitter.go, ValidateVirtualMachineSpec.
 */
export function machineCauses(
  spec: unknown,
  { field, isKubeVirt }: MachineRules,
): readonly Cause[] {
  const { template } = fieldsOf(spec);
  if (!isSet(template)) {
    return [required(`${field}.template`, 'the virtual machine has no template for its instance')];
  }
  return [
    ...(isKubeVirt ? [] : reservedCauses(template, `${field}.template`)),
    ...diskCauses(at(template, 'spec'), `${field}.template.spec`),
    ...volumeCauses(spec, field),
    ...runCauses(spec, field),
  ];
}

function reservedCauses(template: unknown, field: string): readonly Cause[] {
  const labels = fieldsOf(at(template, 'metadata', 'labels'));
  const found = reservedLabels.filter((label) => Object.hasOwn(labels, label));
  if (found.length === 0) return [];
  const message = `${found.join(', ')} may be set by KubeVirt alone`;
  return [unsupported(`${field}.metadata.labels`, message)];
}

/** Each disk shows a volume of its name; an empty CD-ROM drive is none. */
export function diskCauses(instance: unknown, field: string): readonly Cause[] {
  const volumes = new Set(listOf(at(instance, 'volumes')).map((volume) => at(volume, 'name')));
  return listOf(at(instance, 'domain', 'devices', 'disks')).flatMap((disk, index) => {
    const { name, cdrom } = fieldsOf(disk);
    if (volumes.has(name) || isSet(cdrom)) return [];
    const path = `${field}.domain.devices.disks[${index}].name`;
    return [invalid(path, `there is no volume ${wordOf(name) ?? 'without a name'}`)];
  });
}

/** `dataVolumeTemplate` without an s: so it stands in KubeVirt's own answers. */
function volumeCauses(spec: unknown, field: string): readonly Cause[] {
  const templates = listOf(at(spec, 'dataVolumeTemplates'));
  const used = claimNames(at(spec, 'template', 'spec'));
  const names = templates.map((template) => wordOf(at(template, 'metadata', 'name')));
  return templates.flatMap((template, index): readonly Cause[] => {
    const path = `${field}.dataVolumeTemplate[${index}]`;
    const name = names[index];
    const { pvc, storage } = fieldsOf(at(template, 'spec'));
    if (!isSet(pvc) && !isSet(storage)) {
      return [required(path, 'the DataVolume asks for neither pvc nor storage')];
    }
    if (isSet(pvc) && isSet(storage)) {
      return [duplicate(path, 'the DataVolume asks for both pvc and storage')];
    }
    if (name === undefined) return [required(`${path}.metadata.name`, 'the disk needs a name')];
    if (names.indexOf(name) < index) {
      return [duplicate(`${path}.metadata.name`, `${name} is there already`)];
    }
    return unusedDisks([name], used).map((unused) => required(path, unusedText(unused)));
  });
}

/** Disks that would be made and never used: those of templates that no volume refers to. */
export function unusedDisks(
  disks: readonly string[],
  claims: ReadonlySet<string>,
): readonly string[] {
  return disks.filter((name) => !claims.has(name));
}

export function unusedText(disk: string): string {
  return `the disk ${disk} must be referenced by a volume of the instance`;
}

/** Names that the volumes of an instance refer to, as DataVolume or as claim. */
export function claimNames(instance: unknown): ReadonlySet<string> {
  return new Set(
    listOf(at(instance, 'volumes')).flatMap((volume) => {
      const names = [
        at(volume, 'dataVolume', 'name'),
        at(volume, 'persistentVolumeClaim', 'claimName'),
      ];
      return names.filter((name) => typeof name === 'string');
    }),
  );
}

function runCauses(spec: unknown, field: string): readonly Cause[] {
  const { running, runStrategy } = fieldsOf(spec);
  if (isSet(running) && isSet(runStrategy)) {
    return [invalid(`${field}.running`, 'running and runStrategy exclude each other')];
  }
  if (!isSet(running) && !isSet(runStrategy)) {
    return [required(`${field}.running`, 'one of runStrategy and running must be set')];
  }
  if (!isSet(runStrategy) || runStrategies.some((known) => known === runStrategy)) return [];
  return [invalid(`${field}.runStrategy`, `must be one of ${runStrategies.join(', ')}`)];
}
