import { expect, test } from 'vitest';
import { templateForm } from './template-form.ts';

const written = {
  domain: {
    memory: { guest: '1024Mi' },
    cpu: { cores: 2, dedicatedCpuPlacement: false },
    features: { smm: { enabled: false } },
    devices: {
      disks: [{ name: 'root', disk: { bus: 'virtio', readonly: false } }],
      interfaces: [{ name: 'default', masquerade: {}, ports: [] }],
      autoattachSerialConsole: false,
      rng: {},
    },
  },
  networks: [{ name: 'default', pod: {} }],
  readinessProbe: { tcpSocket: { port: 22 }, initialDelaySeconds: 0, periodSeconds: 5 },
  terminationGracePeriodSeconds: 0,
  volumes: [{ name: 'scratch', emptyDisk: { capacity: '0.5Gi' } }],
};

/** The same, as KubeVirt's Go structs are written. */
const inGo = {
  domain: {
    resources: {},
    memory: { guest: '1Gi' },
    cpu: { cores: 2 },
    features: { acpi: {}, smm: { enabled: false } },
    devices: {
      disks: [{ name: 'root', disk: { bus: 'virtio' } }],
      interfaces: [{ name: 'default', masquerade: {} }],
      autoattachSerialConsole: false,
      rng: {},
    },
  },
  networks: [{ name: 'default', pod: {} }],
  readinessProbe: { tcpSocket: { port: 22 }, periodSeconds: 5 },
  terminationGracePeriodSeconds: 0,
  volumes: [{ name: 'scratch', emptyDisk: { capacity: '512Mi' } }],
};

test('what people wrote and what KubeVirt wrote down of it have one form', () => {
  expect(templateForm(written, 'spec')).toEqual(templateForm(inGo, 'spec'));
});

test('a disk that KubeVirt wrote down has the form of the one that people wrote', () => {
  const disk = (metadata: object, storage: object) =>
    templateForm([{ metadata: { name: 'root', ...metadata }, spec: { storage } }], 'disks');
  expect(disk({ creationTimestamp: null }, { resources: {} })).toEqual(disk({}, {}));
  const of = (size: unknown) => disk({}, { resources: { requests: { storage: size } } });
  expect(of('30720Mi')).toEqual(of('30Gi'));
  expect(of('30Gi')).not.toEqual(of('30G'));
});

test.each([
  ['how an interface is attached', { devices: { interfaces: [{ masquerade: {} }] } }],
  ['a flag that is on unless it is switched off', { devices: { autoattachGraphicsDevice: false } }],
  ['a CD-ROM that may be written', { devices: { disks: [{ cdrom: { readonly: false } }] } }],
  ['a source of random numbers', { devices: { rng: {} } }],
])('%s counts', (_what, domain) => {
  expect(templateForm({ domain }, 'spec')).toEqual({ domain });
});
