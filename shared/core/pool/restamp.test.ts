import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mergePatchOf, restampVm } from './restamp.ts';
import { stampVm, type VmStamp } from './stamp.ts';
import { withoutNulls, type Body } from './three-way.ts';

const effect = '0a0b0c0d.5.1.0';
const stamp: VmStamp = {
  pool: { namespace: 'shop', name: 'web', uid: 'pool-uid' },
  name: 'web-3',
  ordinal: 3,
  revision: 'web-1',
  effect,
  names: {
    appendIndexToConfigMapRefs: true,
    appendIndexToSecretRefs: true,
    setHostnameToVMName: false,
  },
};

function stamped(template: Body, revision = 'web-1'): Body {
  return stampVm(template, { ...stamp, revision });
}

/* Templates as people write them: each part there or not, and changing in every way. */

const text = fc.constantFrom('a', 'b', 'c');
const labels = fc.dictionary(fc.constantFrom('app', 'tier', 'zone'), text, { maxKeys: 3 });
const source = fc.oneof(
  text.map((image) => ({ containerDisk: { image } })),
  text.map((name) => ({ dataVolume: { name } })),
  text.map((claimName) => ({ persistentVolumeClaim: { claimName } })),
  text.map((userData) => ({ cloudInitNoCloud: { userData, networkData: null } })),
  text.map((name) => ({ sysprep: { secret: { name } } })),
);
const named = <T extends object>(item: fc.Arbitrary<T>) =>
  fc.uniqueArray(fc.tuple(fc.constantFrom('root', 'data', 'init'), item), {
    selector: ([name]) => name,
    maxLength: 3,
  });
const volumes = named(source).map((items) => items.map(([name, item]) => ({ name, ...item })));
const disks = named(
  fc.oneof(
    text.map((bus) => ({ disk: { bus } })),
    text.map((bus) => ({ cdrom: { bus }, bootOrder: 1 })),
  ),
).map((items) => items.map(([name, item]) => ({ name, ...item })));
const volumeTemplates = named(fc.record({ spec: fc.record({ size: text }) })).map((items) =>
  items.map(([name, item]) => ({ metadata: { name }, ...item })),
);
const vmiSpec = fc.record(
  {
    domain: fc.record(
      {
        cpu: fc.record({ cores: fc.nat(4) }),
        memory: fc.option(fc.record({ guest: text })),
        devices: fc.record({ disks, inputs: fc.array(fc.record({ bus: text })) }),
      },
      { requiredKeys: [] },
    ),
    nodeSelector: labels,
    tolerations: fc.array(fc.record({ key: text }), { maxLength: 3 }),
    volumes,
  },
  { requiredKeys: [] },
);
const template: fc.Arbitrary<Body> = fc.record({
  metadata: fc.record({ labels, annotations: labels }, { requiredKeys: [] }),
  spec: fc.record(
    {
      runStrategy: fc.constantFrom('Always', 'Halted'),
      instancetype: fc.record({ name: text }),
      dataVolumeTemplates: volumeTemplates,
      template: fc.record({ metadata: fc.record({ labels }), spec: vmiSpec }),
    },
    { requiredKeys: ['template'] },
  ),
});

describe('whatever the templates are', () => {
  test('nothing changes on a VM where the stamp does not, however it was edited', () => {
    fc.assert(
      fc.property(template, template, (made, edited) => {
        const live = stamped(edited);
        const same = { old: stamped(made), next: stamped(made), live };
        expect(mergePatchOf(live, restampVm(same))).toBeUndefined();
      }),
    );
  });

  test('an unedited VM comes out as if it were stamped anew', () => {
    fc.assert(
      fc.property(template, template, (from, to) => {
        const [old, next] = [stamped(from), stamped(to, 'web-2')];
        expect(withoutNulls(partsOf(restampVm({ old, next, live: old })))).toEqual(
          withoutNulls(partsOf(next)),
        );
      }),
    );
  });

  test('a second restamp changes nothing', () => {
    fc.assert(
      fc.property(template, template, template, (from, to, edited) => {
        const [old, next] = [stamped(from), stamped(to, 'web-2')];
        const once = restampVm({ old, next, live: stamped(edited) });
        expect(mergePatchOf(once, restampVm({ old, next, live: once }))).toBeUndefined();
      }),
    );
  });

  test('a merge patch leads from one to the other', () => {
    fc.assert(
      fc.property(template, template, (from, to) => {
        const [left, right] = [withoutNulls(from), withoutNulls(to)].map(bodyOf);
        expect(patched(left, mergePatchOf(left ?? {}, right ?? {}))).toEqual(right);
      }),
    );
  });

  test('what others have put beside the template stays', () => {
    fc.assert(
      fc.property(template, template, (from, to) => {
        const [old, next] = [stamped(from), stamped(to, 'web-2')];
        const updated = restampVm({ old, next, live: edited(old) });
        expect(updated['metadata']).toMatchObject({
          labels: { team: 'blue', 'kubevirt.io/vm-pool-revision-name': 'web-2' },
          annotations: { note: 'mine', 'rollcall.dev/effect': effect },
          finalizers: ['pool.kubevirt.io/finalizer'],
        });
        expect(updated['spec']).toMatchObject({
          updateVolumesStrategy: 'Migration',
          template: {
            metadata: { annotations: { pci: 'v3' } },
            spec: {
              terminationGracePeriodSeconds: 7,
              domain: {
                firmware: { uuid: 'u-1', serial: 's-1' },
                machine: { type: 'q35' },
                devices: { disks: expect.arrayContaining([plugged.disk]) },
              },
              volumes: expect.arrayContaining([plugged.volume]),
            },
          },
        });
      }),
    );
  });

  test('without the old stamp nothing is taken away, and the new one is all there', () => {
    fc.assert(
      fc.property(template, template, (from, to) => {
        const next = stamped(to, 'web-2');
        const live = edited(stamped(from));
        const updated = restampVm({ old: undefined, next, live });
        expect(updated).toMatchObject({ metadata: { labels: { team: 'blue' } } });
        const again = restampVm({ old: next, next, live: updated });
        expect(mergePatchOf(updated, again)).toBeUndefined();
        expect(keysLost(partsOf(live), partsOf(updated))).toEqual([]);
      }),
    );
  });
});

const plugged = {
  volume: { name: 'plugged', dataVolume: { name: 'extra', hotpluggable: true } },
  disk: { name: 'plugged', disk: { bus: 'scsi' } },
};

/** As a webhook, a person with virtctl, and the controllers leave it. */
function edited(vm: Body): Body {
  const metadata = recordIn(vm, 'metadata');
  const spec = recordIn(vm, 'spec');
  const template = recordIn(spec, 'template');
  const vmi = recordIn(template, 'spec');
  const domain = recordIn(vmi, 'domain');
  const devices = recordIn(domain, 'devices');
  return {
    ...vm,
    metadata: {
      ...metadata,
      labels: { ...recordIn(metadata, 'labels'), team: 'blue' },
      annotations: { ...recordIn(metadata, 'annotations'), note: 'mine' },
    },
    spec: {
      ...spec,
      updateVolumesStrategy: 'Migration',
      template: {
        ...template,
        metadata: { ...recordIn(template, 'metadata'), annotations: { pci: 'v3' } },
        spec: {
          ...vmi,
          terminationGracePeriodSeconds: 7,
          domain: {
            ...domain,
            firmware: { uuid: 'u-1', serial: 's-1' },
            machine: { type: 'q35' },
            devices: { ...devices, disks: [...listIn(devices, 'disks'), plugged.disk] },
          },
          volumes: [...listIn(vmi, 'volumes'), plugged.volume],
        },
      },
    },
  };
}

/** One field of the spec in three states: of the old stamp, of the new one, and live. */
function merged(old: Body, next: Body, live: Body): unknown {
  return restampVm({ old: { spec: old }, next: { spec: next }, live: { spec: live } })['spec'];
}

test('an edit of one VM stays while the template says nothing new about it', () => {
  const spec = { runStrategy: 'Always', template: { spec: { nodeSelector: { zone: 'a' } } } };
  const next = { runStrategy: 'Always', template: { spec: { nodeSelector: { zone: 'b' } } } };
  expect(merged(spec, next, { ...spec, runStrategy: 'Halted' })).toEqual({
    ...next,
    runStrategy: 'Halted',
  });
});

test('where the template does say something new, it wins over the edit', () => {
  const live = { runStrategy: 'Manual' };
  expect(merged({ runStrategy: 'Always' }, { runStrategy: 'Halted' }, live)).toEqual({
    runStrategy: 'Halted',
  });
});

test('what the template drops goes, and what others put inside it stays', () => {
  const old = { template: { spec: { affinity: { a: 1 }, resources: { limits: { cpu: '1' } } } } };
  const live = {
    template: { spec: { affinity: { a: 1 }, resources: { limits: { cpu: '1', gpu: '1' } } } },
  };
  expect(merged(old, { template: { spec: {} } }, live)).toEqual({
    template: { spec: { resources: { limits: { gpu: '1' } } } },
  });
});

test('a volume that changes its kind has one source, and a disk one way of being attached', () => {
  const withVolume = (source: Body) => ({ template: { spec: { volumes: [source] } } });
  const old = withVolume({ name: 'root', containerDisk: { image: 'a' } });
  const next = withVolume({ name: 'root', containerDisk: { image: 'b' } });
  const live = withVolume({ name: 'root', persistentVolumeClaim: { claimName: 'mine' } });
  expect(merged(old, next, live)).toEqual(next);
  const withDisk = (disk: Body) => ({
    template: { spec: { domain: { devices: { disks: [disk] } } } },
  });
  const before = withDisk({ name: 'root', disk: { bus: 'sata' } });
  const after = withDisk({ name: 'root', disk: { bus: 'virtio' } });
  const byHand = withDisk({ name: 'root', cdrom: { bus: 'sata' }, bootOrder: 2 });
  expect(merged(before, after, byHand)).toEqual(
    withDisk({ name: 'root', disk: { bus: 'virtio' }, bootOrder: 2 }),
  );
});

test('the two spellings of whether a machine runs never stand side by side', () => {
  const live = { runStrategy: 'Halted' };
  expect(merged({ running: true }, { running: false }, live)).toEqual({ running: false });
});

test('another instance type comes without the version of the old one', () => {
  const live = { instancetype: { name: 'small', revisionName: 'web-3-small-v1' } };
  expect(
    merged({ instancetype: { name: 'small' } }, { instancetype: { name: 'big' } }, live),
  ).toEqual({ instancetype: { name: 'big' } });
});

test('the version of an instance type stays while its name does', () => {
  const live = { instancetype: { name: 'small', kind: 'K', revisionName: 'web-3-small-v1' } };
  const next = { instancetype: { name: 'small' }, runStrategy: 'Halted' };
  const updated = restampVm({ old: undefined, next: { spec: next }, live: { spec: live } });
  expect(updated['spec']).toEqual({ ...live, runStrategy: 'Halted' });
});

test('a volume that was taken out of one VM by hand does not come back with another change', () => {
  const spec = (size: string) => ({
    dataVolumeTemplates: [
      { metadata: { name: 'root' }, spec: { size } },
      { metadata: { name: 'b' } },
    ],
  });
  const live = { dataVolumeTemplates: [{ metadata: { name: 'root' }, spec: { size: '1' } }] };
  expect(merged(spec('1'), spec('2'), live)).toEqual({
    dataVolumeTemplates: [{ metadata: { name: 'root' }, spec: { size: '2' } }],
  });
});

test('firmware that a machine was booted with keeps its identity against the template', () => {
  const firmware = (values: Body) => ({ template: { spec: { domain: { firmware: values } } } });
  const live = firmware({ uuid: 'u-1', bootloader: { bios: {} } });
  const next = firmware({ uuid: 'u-9', bootloader: { efi: {} } });
  expect(merged(firmware({ bootloader: { bios: {} } }), next, live)).toEqual(
    firmware({ uuid: 'u-1', bootloader: { efi: {} } }),
  );
});

function partsOf(vm: Body): Body {
  const { labels: vmLabels = {}, annotations = {} } = recordIn(vm, 'metadata');
  return { metadata: { labels: vmLabels, annotations }, spec: vm['spec'] };
}

/** Paths of maps that the second has not any more; what a named list holds is told by its names. */
function keysLost(before: unknown, after: unknown, path = ''): readonly string[] {
  if (Array.isArray(before)) {
    const names = (list: unknown) =>
      (Array.isArray(list) ? list : []).map((item: Body) => item['name']).filter(Boolean);
    return names(before)
      .filter((name) => !names(after).includes(name))
      .map((name) => `${path}/${String(name)}`);
  }
  if (!isBody(before)) return [];
  const later = isBody(after) ? after : {};
  return Object.keys(before).flatMap((key) =>
    Object.hasOwn(later, key)
      ? keysLost(before[key], later[key], `${path}/${key}`)
      : [`${path}/${key}`],
  );
}

function patched(target: unknown, patch: unknown): unknown {
  if (patch === undefined) return target;
  if (!isBody(patch)) return patch;
  const next: Record<string, unknown> = { ...(isBody(target) ? target : {}) };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete next[key];
    else next[key] = patched(next[key], value);
  }
  return next;
}

function bodyOf(value: unknown): Body {
  return isBody(value) ? value : {};
}

function recordIn(body: Body, field: string): Body {
  return bodyOf(body[field]);
}

function listIn(body: Body, field: string): readonly unknown[] {
  const list = body[field];
  return Array.isArray(list) ? list : [];
}

function isBody(value: unknown): value is Body {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
