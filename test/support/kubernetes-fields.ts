import * as models from '@kubernetes/client-node';
import { z } from 'zod';
import { isRecord } from '#shared/lib/canonical.ts';
import type { Manifest } from './deploy-manifests.ts';

const fieldsSchema = z.array(z.looseObject({ baseName: z.string(), type: z.string() }));

/**
 * What a strict API server would refuse in a manifest of a built-in kind: fields that it does not know, and
 * values of another type. The kinds are those of the packaged client, which is made from Kubernetes' own
 * description. Throws for a kind that it does not have.
 */
export function wrongFieldsIn(manifest: Manifest): readonly string[] {
  const version = manifest.apiVersion.split('/').at(-1) ?? '';
  const type = `V${version.slice(1)}${manifest.kind}`;
  const where = `${manifest.kind} ${manifest.metadata.name}`;
  if (fieldsOf(type) === undefined) throw new Error(`${where}: ${type} is not known`);
  return wrongIn(manifest, { type, where });
}

type Place = { readonly type: string; readonly where: string };

function fieldsOf(type: string): z.infer<typeof fieldsSchema> | undefined {
  const model: unknown = Reflect.get(models, type);
  if (typeof model !== 'function') return undefined;
  const fields = fieldsSchema.safeParse(Reflect.get(model, 'attributeTypeMap'));
  return fields.success ? fields.data : undefined;
}

function wrongIn(value: unknown, { type, where }: Place): readonly string[] {
  const item = /^Array<(.+)>$/.exec(type)?.[1];
  if (item !== undefined) {
    if (!Array.isArray(value)) return [`${where} is no list`];
    return value.flatMap((one, index) => wrongIn(one, { type: item, where: `${where}[${index}]` }));
  }
  const entry = /^\{ \[key: string\]: (.+); \}$/.exec(type)?.[1];
  if (entry !== undefined) {
    if (!isRecord(value)) return [`${where} is no map`];
    return Object.entries(value).flatMap(([key, one]) =>
      wrongIn(one, { type: entry, where: `${where}.${key}` }),
    );
  }
  const fields = fieldsOf(type);
  if (fields === undefined) return isA(type, value) ? [] : [`${where} is no ${type}`];
  if (!isRecord(value)) return [`${where} is no object`];
  return Object.entries(value).flatMap(([key, one]) => {
    const field = fields.find(({ baseName }) => baseName === key);
    const place = `${where}.${key}`;
    return field === undefined
      ? [`${place} is not known`]
      : wrongIn(one, { type: field.type, where: place });
  });
}

function isA(type: string, value: unknown): boolean {
  switch (type) {
    case 'string':
    case 'number':
    case 'boolean':
      return typeof value === type;
    case 'IntOrString':
      return typeof value === 'string' || Number.isInteger(value);
    case 'any':
      return true;
    default:
      throw new Error(`a field of type ${type} is not known here`);
  }
}
