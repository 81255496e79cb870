import { isRecord } from '#shared/lib/canonical.ts';

/**
 * What KubeVirt's webhooks refuse of a set that its definition has let through, as far as the corpus comes
 * to it: kept apart from our own rules on purpose, and written after vmpool-admitter.go, vmirs-admitter.go
 * and vms-admitter.go. Says why, for the message of a test.
 */
export function refusedByKubeVirt(object: unknown): string | undefined {
  const spec = at(object, 'spec');
  if (!isDecodable(object)) return 'is not what Go reads';
  return at(object, 'kind') === 'VirtualMachinePool' ? poolRefusal(spec) : replicaSetRefusal(spec);
}

function poolRefusal(spec: unknown): string | undefined {
  const machine = at(spec, 'virtualMachineTemplate', 'spec');
  const template = at(machine, 'template');
  if (template === undefined || template === null) return 'no template of the instance';
  const running = isSet(at(machine, 'running'));
  const strategy = at(machine, 'runStrategy');
  const known = ['Always', 'Halted', 'Manual', 'RerunOnFailure', 'Once', 'WaitAsReceiver'];
  const labels = Object.keys(recordOf(at(template, 'metadata', 'labels')));
  return firstOf([
    [labels.some((label) => label === 'kubevirt.io/created-by'), 'reserved label'],
    [running === isSet(strategy), 'running or runStrategy'],
    [isSet(strategy) && !known.some((one) => one === strategy), 'unknown runStrategy'],
    [!listOf(at(machine, 'dataVolumeTemplates')).every((one) => isUsed(one, machine)), 'disk'],
    [hasLooseDisk(at(template, 'spec')), 'disk without volume'],
    [!selects(spec, at(spec, 'virtualMachineTemplate')), 'selector'],
    [!isAmount(at(spec, 'maxUnavailable')), 'maxUnavailable'],
    [membersOf(at(spec, 'scaleInStrategy')) > 1, 'scaleInStrategy'],
    [membersOf(at(spec, 'updateStrategy')) > 1, 'updateStrategy'],
  ]);
}

function replicaSetRefusal(spec: unknown): string | undefined {
  return firstOf([
    [hasLooseDisk(at(spec, 'template', 'spec')), 'disk without volume'],
    [!selects(spec, at(spec, 'template')), 'selector'],
    // The API server itself, since the path is that of the scale.
    [Number(at(spec, 'replicas') ?? 0) < 0, 'replicas'],
  ]);
}

function firstOf(rules: readonly (readonly [boolean, string])[]): string | undefined {
  return rules.find(([isBroken]) => isBroken)?.[1];
}

/** Go's decoder knows types that the schema leaves open. */
function isDecodable(object: unknown): boolean {
  const spec = at(object, 'spec');
  const pool = at(spec, 'virtualMachineTemplate');
  const metas = [pool, at(pool, 'spec', 'template'), at(spec, 'template')];
  const texts = metas.flatMap((one) => [
    at(one, 'metadata', 'labels'),
    at(one, 'metadata', 'annotations'),
  ]);
  const disks = listOf(at(pool, 'spec', 'dataVolumeTemplates'));
  const names = disks.map((disk) => at(disk, 'metadata', 'name') ?? '');
  const failing = at(spec, 'autohealing', 'minFailingToStartDuration');
  return (
    texts.every((map) => Object.values(recordOf(map)).every((text) => typeof text === 'string')) &&
    texts.every((map) => !isSet(map) || isRecord(map)) &&
    names.every((name) => typeof name === 'string') &&
    (!isSet(failing) || isDuration(failing))
  );
}

function isDuration(text: unknown): boolean {
  const pattern = /^[-+]?(0|((\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h))+)$/;
  return typeof text === 'string' && pattern.test(text);
}

function isUsed(disk: unknown, machine: unknown): boolean {
  const name = at(disk, 'metadata', 'name') ?? '';
  const [pvc, storage] = [isSet(at(disk, 'spec', 'pvc')), isSet(at(disk, 'spec', 'storage'))];
  if (pvc === storage) return false;
  return listOf(at(machine, 'template', 'spec', 'volumes')).some(
    (volume) =>
      at(volume, 'dataVolume', 'name') === name ||
      at(volume, 'persistentVolumeClaim', 'claimName') === name,
  );
}

function hasLooseDisk(instance: unknown): boolean {
  const names = new Set(listOf(at(instance, 'volumes')).map((volume) => at(volume, 'name')));
  return listOf(at(instance, 'domain', 'devices', 'disks')).some(
    (disk) => !names.has(at(disk, 'name')) && !isSet(at(disk, 'cdrom')),
  );
}

function selects(spec: unknown, template: unknown): boolean {
  const labels = recordOf(at(template, 'metadata', 'labels'));
  const { matchLabels, matchExpressions } = recordOf(at(spec, 'selector'));
  const isText = /^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/;
  return (
    Object.entries(recordOf(matchLabels)).every(
      ([key, value]) => isText.test(String(value)) && !/\s/.test(key) && labels[key] === value,
    ) && listOf(matchExpressions).every((one) => agrees(one, labels))
  );
}

function agrees(expression: unknown, labels: Readonly<Record<string, unknown>>): boolean {
  const key = String(at(expression, 'key'));
  const values = listOf(at(expression, 'values'));
  const [has, value] = [Object.hasOwn(labels, key), labels[key]];
  if (!/^[A-Za-z0-9]([-A-Za-z0-9_./]*[A-Za-z0-9])?$/.test(key)) return false;
  switch (at(expression, 'operator')) {
    case 'In':
      return values.length > 0 && has && values.includes(value);
    case 'NotIn':
      return values.length > 0 && !(has && values.includes(value));
    case 'Exists':
      return values.length === 0 && has;
    case 'DoesNotExist':
      return values.length === 0 && !has;
    default:
      return false;
  }
}

function isAmount(amount: unknown): boolean {
  if (!isSet(amount)) return true;
  if (typeof amount !== 'string') return Number(amount) > 0;
  const share = /^[-+]?\d+%$/.test(amount) ? Number(amount.slice(0, -1)) : 0;
  return share > 0 && share <= 100;
}

function membersOf(strategy: unknown): number {
  return ['unmanaged', 'opportunistic', 'proactive'].filter((name) => isSet(at(strategy, name)))
    .length;
}

function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce((here, name) => recordOf(here)[name], value);
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return isRecord(value) ? value : {};
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null;
}
