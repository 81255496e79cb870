import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { templateDigestSchema } from '#shared/contract/objects.ts';
import {
  digestKeyOf,
  digestVmiTemplate,
  digestVmTemplate,
  loadDigestKey,
} from './template-digest.ts';

const key = digestKeyOf(Buffer.alloc(32, 7));
const otherKey = digestKeyOf(Buffer.alloc(32, 8));

const template = {
  metadata: { labels: { app: 'web' }, creationTimestamp: null },
  spec: {
    runStrategy: 'Always',
    dataVolumeTemplates: [
      {
        metadata: { name: 'root' },
        spec: { storage: { resources: { requests: { storage: '1Gi' } } } },
      },
    ],
    template: {
      metadata: { labels: { app: 'web' } },
      spec: {
        domain: { devices: {} },
        volumes: [{ name: 'ci', cloudInitNoCloud: { userData: 'a' } }],
      },
    },
  },
};

/** The template with one value replaced. */
function changed(path: readonly string[], value: unknown): unknown {
  const copy: unknown = structuredClone(template);
  const last = path.slice(0, -1).reduce<unknown>((at, name) => Reflect.get(Object(at), name), copy);
  Reflect.set(Object(last), path.at(-1) ?? '', value);
  return copy;
}

test('is a digest as the contract has it', () => {
  expect(templateDigestSchema.parse(digestVmTemplate(template, key))).toMatchObject({
    keyId: key.id,
    algorithm: 2,
    volumes: { root: expect.stringMatching(/^[0-9a-f]{64}$/) },
  });
  expect(templateDigestSchema.parse(digestVmiTemplate(undefined, key)).volumes).toEqual({});
});

test('does not depend on the order of keys, nor on null against absent', () => {
  const turned = {
    spec: {
      template: template.spec.template,
      runStrategy: 'Always',
      running: null,
      dataVolumeTemplates: template.spec.dataVolumeTemplates,
    },
    metadata: {
      annotations: null,
      labels: { app: 'web' },
      name: 'ignored',
      finalizers: ['ignored'],
    },
  };
  expect(digestVmTemplate(turned, key)).toEqual(digestVmTemplate(template, key));
});

test("a template is the same in KubeVirt's own revision, which Go has written", () => {
  const [root] = template.spec.dataVolumeTemplates;
  const { spec, metadata } = template.spec.template;
  const inGo = {
    metadata: { creationTimestamp: null, labels: { app: 'web' } },
    spec: {
      runStrategy: 'Always',
      dataVolumeTemplates: [{ ...root, metadata: { creationTimestamp: null, name: 'root' } }],
      template: {
        metadata: { creationTimestamp: null, ...metadata },
        spec: { ...spec, domain: { devices: {}, resources: {} } },
      },
    },
  };
  expect(digestVmTemplate(inGo, key)).toEqual(digestVmTemplate(template, key));
});

test.each([
  ['metadata', ['metadata', 'labels', 'app']],
  ['spec', ['spec', 'runStrategy']],
  ['vmiMetadata', ['spec', 'template', 'metadata', 'labels', 'app']],
  ['vmiSpec', ['spec', 'template', 'spec', 'volumes', '0', 'cloudInitNoCloud', 'userData']],
  ['volumes', ['spec', 'dataVolumeTemplates', '0', 'spec', 'storage', 'resources']],
])('a change in the template shows in %s alone', (part, path) => {
  const before = digestVmTemplate(template, key);
  const after = digestVmTemplate(changed(path, 'else'), key);
  const differing = Object.entries(after)
    .filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(Reflect.get(before, name)))
    .map(([name]) => name);
  expect(differing).toEqual([part]);
});

test('an empty object is not the same as an absent one: bridge is not masquerade', () => {
  const path = ['spec', 'template', 'spec', 'domain', 'devices'];
  const of = (device: unknown) => digestVmTemplate(changed(path, device), key).vmiSpec;
  expect(of({ bridge: {} })).not.toBe(of({ masquerade: {} }));
});

test('under another key everything differs, the key id too', () => {
  const [one, two] = [digestVmTemplate(template, key), digestVmTemplate(template, otherKey)];
  expect(two.keyId).not.toBe(one.keyId);
  expect(two.vmiSpec).not.toBe(one.vmiSpec);
});

test('equal parts of a pool have unequal digests, so that one cannot pass for the other', () => {
  const digest = digestVmTemplate(template, key);
  expect(digest.vmiMetadata).not.toBe(digest.metadata);
});

test('of a replica set, all metadata but the names counts', () => {
  const of = (metadata: unknown) => digestVmiTemplate({ metadata, spec: {} }, key).vmiMetadata;
  expect(of({ name: 'a', generateName: 'b', creationTimestamp: null })).toBe(of({}));
  expect(of({ finalizers: ['x'] })).not.toBe(of({}));
});

test('reads a key of 64 hex digits, and repeats nothing of a bad one', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'rollcall-key-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, 'key');
  await writeFile(file, `${'07'.repeat(32)}\n`);
  expect(await loadDigestKey(file)).toEqual(key);
  await writeFile(file, 'correct horse');
  await expect(loadDigestKey(file)).rejects.toThrow(/does not hold 32 bytes/);
  await expect(loadDigestKey(file)).rejects.not.toThrow(/horse/);
  await expect(loadDigestKey(join(folder, 'none'))).rejects.toThrow(/cannot be read/);
});
