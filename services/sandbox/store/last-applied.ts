import { canonicalJson, isRecord } from '#shared/lib/canonical.ts';
import type { Application } from './apply-fields.ts';
import { compareFields, difference, namedFields } from './field-set.ts';
import type { FieldSet } from './field-set.ts';
import type { JsonObject } from './json.ts';
import { ownershipSchema, tracked } from './managed-fields.ts';
import { inApiVersion } from './registry.ts';
import type { KubeObject } from './types.ts';

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

type Applied = {
  readonly old: KubeObject;
  readonly config: JsonObject;
  readonly manager: string;
};

/**
 * The object with the annotation of client-side apply brought up to date, where it has one and kubectl
 * applies under its own name, so that a later client-side apply knows what was applied.
 */
export function withLastApplied(object: JsonObject, { old, config, manager }: Applied): JsonObject {
  if (manager !== 'kubectl' || old.metadata.annotations?.[lastApplied] === undefined) return object;
  const metadata = isRecord(object['metadata']) ? object['metadata'] : {};
  const annotations = isRecord(metadata['annotations']) ? metadata['annotations'] : {};
  const given = isRecord(config['metadata']) ? config['metadata'] : {};
  const { managedFields: _, ...named } = given;
  const text = `${canonicalJson({ ...config, metadata: named })}\n`;
  return {
    ...object,
    metadata: { ...metadata, annotations: { ...annotations, [lastApplied]: text } },
  };
}

/**
 * The fields that kubectl applied on the client's side and that stand as it left them. When it goes over
 * to applying on the server, it takes them from its former self without a conflict.
 */
export function lastAppliedFields({ definition, live, writer }: Application): FieldSet {
  const text = live.metadata.annotations?.[lastApplied];
  const config = writer.manager === 'kubectl' && text !== undefined ? parsed(text) : undefined;
  if (!isRecord(config) || config['apiVersion'] !== writer.apiVersion) return {};
  const { apiVersion: _version, kind: _kind, status: _status, metadata, ...content } = config;
  const { labels, annotations } = isRecord(metadata) ? metadata : {};
  const own = {
    ...content,
    metadata: {
      ...(isRecord(labels) && { labels }),
      ...(isRecord(annotations) && { annotations }),
    },
  };
  const schema = ownershipSchema(definition, writer.apiVersion);
  const { written, removed } = compareFields(
    own,
    tracked(inApiVersion(live, writer.apiVersion)),
    schema,
  );
  return difference(difference(namedFields(own, schema), written), removed);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // Somebody wrote something else there.
  }
}
