import { createHash, createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { TemplateDigest } from '#shared/contract/objects.ts';
import { canonicalJson, isRecord } from '#shared/lib/canonical.ts';
import { fieldsOf } from '#shared/lib/loose.ts';
import { RefusalError } from '#shared/process/refusal.ts';
import { templateForm } from './template-form.ts';

/** Names the way in which the digests below are made; another way is another number. */
const algorithm = 2;

/** Metadata of a replica set's template that no VMI gets. */
const notCopied: ReadonlySet<string> = new Set(['name', 'generateName', 'creationTimestamp']);

/** Only watcher and executor hold it: without the key a digest cannot be tested against guesses. */
export type DigestKey = { readonly id: string; readonly bytes: Uint8Array };

/** Reads a file of 64 hex digits. Throws a RefusalError that repeats nothing of its content. */
export async function loadDigestKey(file: string): Promise<DigestKey> {
  const text = await readKeyFile(file);
  if (!/^[0-9a-fA-F]{64}$/.test(text)) {
    throw new RefusalError(`the digest key file ${file} does not hold 32 bytes as hex digits`);
  }
  return digestKeyOf(Buffer.from(text, 'hex'));
}

/** The id names the key without telling it: the first 8 hex digits of a hash with a prefix of its own. */
export function digestKeyOf(bytes: Uint8Array): DigestKey {
  const hash = createHash('sha256').update('rollcall/digest-key\n').update(bytes).digest('hex');
  return { id: hash.slice(0, 8), bytes };
}

/**
 * Digest of a pool's virtualMachineTemplate. Of the metadata, the VM's and the VMI's, only labels and
 * annotations count, as KubeVirt stamps nothing else (pool.go 6.3, 6.5). The order of keys does not
 * count, nor whether people wrote it or KubeVirt wrote it down in a revision.
 */
export function digestVmTemplate(template: unknown, key: DigestKey): TemplateDigest {
  const { dataVolumeTemplates, template: vmi, ...rest } = fieldsOf(fieldsOf(template)['spec']);
  const { metadata, spec } = fieldsOf(vmi);
  return {
    keyId: key.id,
    algorithm,
    metadata: digest(key, 'vm-metadata', labelsAndAnnotations(fieldsOf(template)['metadata'])),
    spec: digest(key, 'vm-spec', templateForm(rest, 'spec')),
    vmiMetadata: digest(key, 'vmi-metadata', labelsAndAnnotations(metadata)),
    vmiSpec: digest(key, 'vmi-spec', templateForm(spec, 'spec')),
    volumes: digestVolumes(dataVolumeTemplates, key),
  };
}

/**
 * Digest of a replica set's template. KubeVirt copies its whole metadata to the VMI except the names
 * (kubevirt-api types.go, VMIRS spec.template).
 */
export function digestVmiTemplate(template: unknown, key: DigestKey): TemplateDigest {
  const { metadata, spec } = fieldsOf(template);
  const copied = Object.entries(fieldsOf(metadata)).filter(([name]) => !notCopied.has(name));
  return {
    keyId: key.id,
    algorithm,
    vmiMetadata: digest(key, 'vmi-metadata', Object.fromEntries(copied)),
    vmiSpec: digest(key, 'vmi-spec', templateForm(spec, 'spec')),
    volumes: {},
  };
}

function digestVolumes(templates: unknown, key: DigestKey): Readonly<Record<string, string>> {
  const items: readonly unknown[] = Array.isArray(templates) ? templates : [];
  const byName = Map.groupBy(items, (item) => {
    const { name } = fieldsOf(fieldsOf(item)['metadata']);
    return typeof name === 'string' ? name : '';
  });
  return Object.fromEntries(
    [...byName].map(([name, group]) => [
      name,
      digest(key, 'volume', templateForm(group, 'dataVolumeTemplates')),
    ]),
  );
}

function digest(key: DigestKey, part: string, value: unknown): string {
  return createHmac('sha256', key.bytes)
    .update(`rollcall/template/${algorithm}/${part}\n`)
    .update(canonicalJson(withoutNulls(value)))
    .digest('hex');
}

function labelsAndAnnotations(metadata: unknown): unknown {
  const { labels, annotations } = fieldsOf(metadata);
  return { labels: fieldsOf(labels), annotations: fieldsOf(annotations) };
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isRecord(value)) return value;
  const kept = Object.entries(value).filter(([, field]) => field !== null && field !== undefined);
  return Object.fromEntries(kept.map(([name, field]) => [name, withoutNulls(field)]));
}

async function readKeyFile(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    throw new RefusalError(`the digest key file ${file} cannot be read`, { cause: error });
  }
}
