import { isRecord } from '#shared/lib/canonical.ts';
import { quantityForm } from './quantity-form.ts';

/**
 * A template in one form for its two writers: people, whose words the API server keeps as they are, and
 * KubeVirt, whose revisions are Go structs written anew (pool.go, ensureControllerRevision). Go writes
 * objects where nobody wrote any, leaves out what is null, empty lists, flags that are off and noughts, and
 * spells quantities its own way. Were that read as an edit, each machine of a pool would be restarted when
 * the pool is handed over. `place` is the field that the value stands in.
 */
export function templateForm(value: unknown, place: string): unknown {
  if (Array.isArray(value)) return value.map((item) => templateForm(item, place));
  if (!isRecord(value)) return value;
  const kept: [string, unknown][] = [];
  for (const [field, raw] of Object.entries(value)) {
    const path = `${place}.${field}`;
    const isQuantity = quantityMaps.has(place) || quantities.has(path);
    const form = isQuantity ? quantityForm(raw) : templateForm(raw, field);
    if (!isLeftOut(path, form)) kept.push([field, form]);
  }
  return Object.fromEntries(kept);
}

/** Other empty objects say something: `masquerade: {}` is not `bridge: {}`. */
function isLeftOut(path: string, form: unknown): boolean {
  if (form === null || form === undefined) return true;
  if (Array.isArray(form)) return form.length === 0;
  if (isRecord(form)) return structs.has(path) && Object.keys(form).length === 0;
  if (form === 0) return plainNumbers.has(path);
  return form === false && plainFlags.has(path);
}

/** Structs that Go always writes, for they are no pointers. Source: kubevirt.io/api core/v1, CDI v1beta1. */
const structs: ReadonlySet<string> = new Set([
  'domain.resources',
  'features.acpi',
  'storage.resources',
  'pvc.resources',
]);

/** Flags that Go cannot tell from absent ones; of others, `false` may differ from the default. */
const plainFlags: ReadonlySet<string> = new Set([
  'apic.endOfInterrupt',
  'cpu.dedicatedCpuPlacement',
  'cpu.isolateEmulatorThread',
  'dataVolume.hotpluggable',
  'devices.disableHotplug',
  'disk.readonly',
  'kvm.hidden',
  'lun.readonly',
  'lun.reservation',
  'persistentVolumeClaim.hotpluggable',
  'persistentVolumeClaim.readOnly',
  'resources.overcommitGuestOverhead',
]);

/** Numbers of which 0 is the same as none, in Go and in KubeVirt's defaults. */
const plainNumbers: ReadonlySet<string> = new Set([
  ...['cores', 'sockets', 'threads', 'maxSockets'].map((field) => `cpu.${field}`),
  ...['livenessProbe', 'readinessProbe'].flatMap((probe) =>
    [
      'initialDelaySeconds',
      'timeoutSeconds',
      'periodSeconds',
      'successThreshold',
      'failureThreshold',
    ].map((field) => `${probe}.${field}`),
  ),
]);

const quantityMaps: ReadonlySet<string> = new Set(['requests', 'limits']);

const quantities: ReadonlySet<string> = new Set([
  'memory.guest',
  'memory.maxGuest',
  'emptyDisk.capacity',
  'hostDisk.capacity',
]);
