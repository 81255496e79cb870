/**
 * kubectl sends objects that it makes itself (`kubectl create namespace`, `configmap`, `secret`) as
 * protobuf and does not fall back to JSON. This decodes those three kinds; the field numbers are those
 * of k8s.io/api's generated.proto.
 */

type Field =
  | { readonly name: string; readonly type: 'text' | 'base64' | 'boolean' | 'integer' }
  | { readonly name: string; readonly type: 'texts' }
  | { readonly name: string; readonly type: 'map'; readonly of: 'text' | 'base64' }
  | { readonly name: string; readonly type: 'message'; readonly of: Message };

type Message = Readonly<Record<number, Field>>;

const objectMeta: Message = {
  1: { name: 'name', type: 'text' },
  2: { name: 'generateName', type: 'text' },
  3: { name: 'namespace', type: 'text' },
  5: { name: 'uid', type: 'text' },
  6: { name: 'resourceVersion', type: 'text' },
  11: { name: 'labels', type: 'map', of: 'text' },
  12: { name: 'annotations', type: 'map', of: 'text' },
  14: { name: 'finalizers', type: 'texts' },
};

const metadata: Field = { name: 'metadata', type: 'message', of: objectMeta };

const kinds: Readonly<Record<string, Message>> = {
  Namespace: {
    1: metadata,
    2: { name: 'spec', type: 'message', of: { 1: { name: 'finalizers', type: 'texts' } } },
  },
  ConfigMap: {
    1: metadata,
    2: { name: 'data', type: 'map', of: 'text' },
    3: { name: 'binaryData', type: 'map', of: 'base64' },
    4: { name: 'immutable', type: 'boolean' },
  },
  Secret: {
    1: metadata,
    2: { name: 'data', type: 'map', of: 'base64' },
    3: { name: 'type', type: 'text' },
    4: { name: 'stringData', type: 'map', of: 'text' },
    5: { name: 'immutable', type: 'boolean' },
  },
};

const magic = Buffer.from('k8s\0', 'latin1');

/** The object in a Kubernetes protobuf envelope; undefined where it is none, or of another kind. */
export function decodeProtobuf(body: Buffer): Readonly<Record<string, unknown>> | undefined {
  if (!body.subarray(0, magic.length).equals(magic)) return undefined;
  const envelope = partsOf(body.subarray(magic.length));
  const type = bytesOf(envelope, 1);
  const raw = bytesOf(envelope, 2);
  if (type === undefined || raw === undefined) return undefined;
  const typeMeta = partsOf(type);
  const apiVersion = bytesOf(typeMeta, 1)?.toString('utf8');
  const kind = bytesOf(typeMeta, 2)?.toString('utf8') ?? '';
  const message = kinds[kind];
  if (message === undefined || apiVersion !== 'v1') return undefined;
  return { apiVersion, kind, ...decode(message, raw) };
}

function bytesOf(parts: readonly Part[], number: number): Buffer | undefined {
  const part = parts.findLast((candidate) => candidate.number === number);
  return part?.value instanceof Buffer ? part.value : undefined;
}

/** Go writes every field that is not a pointer, empty or not; what is empty counts as absent. */
function decode(message: Message, body: Buffer): Readonly<Record<string, unknown>> {
  const found: Record<string, unknown> = {};
  for (const { number, value } of partsOf(body)) {
    const field = message[number];
    if (field === undefined) continue;
    const decoded = decodeField(field, value, found[field.name]);
    if (!isEmpty(decoded)) found[field.name] = decoded;
  }
  return found;
}

function decodeField(field: Field, value: bigint | Buffer, before: unknown): unknown {
  if (typeof value === 'bigint') return field.type === 'boolean' ? value !== 0n : Number(value);
  switch (field.type) {
    case 'text':
      return value.toString('utf8');
    case 'base64':
      return value.toString('base64');
    case 'texts':
      return [...(Array.isArray(before) ? before : []), value.toString('utf8')];
    case 'map':
      return { ...(typeof before === 'object' ? before : {}), ...decodeEntry(field.of, value) };
    case 'message':
      return decode(field.of, value);
    case 'boolean':
    case 'integer':
      throw new ProtobufError(`field ${field.name} is not a number`);
  }
}

function decodeEntry(of: 'text' | 'base64', body: Buffer): Readonly<Record<string, string>> {
  const parts = partsOf(body);
  const value = bytesOf(parts, 2) ?? Buffer.alloc(0);
  const key = bytesOf(parts, 1)?.toString('utf8') ?? '';
  return { [key]: value.toString(of === 'text' ? 'utf8' : 'base64') };
}

function isEmpty(value: unknown): boolean {
  if (value === '' || value === 0) return true;
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

/** The bytes are not what their envelope says. */
export class ProtobufError extends Error {
  override readonly name = 'ProtobufError';
}

type Part = { readonly number: number; readonly value: bigint | Buffer };

/** Splits a message into its fields: wire types 0 (varint), 1, 5 (fixed) and 2 (bytes). */
function partsOf(body: Buffer): readonly Part[] {
  const parts: Part[] = [];
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = body[at];
      if (byte === undefined) throw new ProtobufError('a number is cut off');
      at += 1;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new ProtobufError('a number is too long');
  };
  const take = (length: number): Buffer => {
    if (at + length > body.length) throw new ProtobufError('a field is cut off');
    at += length;
    return body.subarray(at - length, at);
  };
  while (at < body.length) {
    const key = Number(varint());
    const number = Math.floor(key / 8);
    switch (key % 8) {
      case 0:
        parts.push({ number, value: varint() });
        break;
      case 1:
        parts.push({ number, value: take(8) });
        break;
      case 2:
        parts.push({ number, value: take(Number(varint())) });
        break;
      case 5:
        parts.push({ number, value: take(4) });
        break;
      default:
        throw new ProtobufError('a field has an unknown wire type');
    }
  }
  return parts;
}
