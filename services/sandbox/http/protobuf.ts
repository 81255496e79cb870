import { protobufKinds } from './protobuf-kinds.ts';
import type { Field, Message } from './protobuf-kinds.ts';

const magic = Buffer.from('k8s\0', 'latin1');

/** The object in a Kubernetes protobuf envelope; undefined where it is none, or of another kind. */
export function decodeProtobuf(body: Buffer): Readonly<Record<string, unknown>> | undefined {
  if (!body.subarray(0, magic.length).equals(magic)) return undefined;
  const envelope = partsOf(body.subarray(magic.length));
  const type = bytesOf(envelope, 1);
  const raw = bytesOf(envelope, 2);
  if (type === undefined || raw === undefined) return undefined;
  const typeMeta = partsOf(type);
  const apiVersion = bytesOf(typeMeta, 1)?.toString('utf8') ?? '';
  const kind = bytesOf(typeMeta, 2)?.toString('utf8') ?? '';
  const message = protobufKinds[`${apiVersion}/${kind}`];
  if (message === undefined) return undefined;
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
  if (typeof value === 'bigint') {
    return field.type === 'boolean' ? value !== 0n : Number(BigInt.asIntN(64, value));
  }
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
    case 'messages':
      return [...(Array.isArray(before) ? before : []), decode(field.of, value)];
    case 'quantity':
      return bytesOf(partsOf(value), 1)?.toString('utf8') ?? '';
    case 'int-or-text':
      return intOrText(value);
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

/** Field 1 tells which of the two it is: 0 the number in field 2, 1 the text in field 3. */
function intOrText(body: Buffer): number | string {
  const parts = partsOf(body);
  const numberAt = (wanted: number): number => {
    const part = parts.findLast(({ number }) => number === wanted);
    return typeof part?.value === 'bigint' ? Number(BigInt.asIntN(64, part.value)) : 0;
  };
  return numberAt(1) === 1 ? (bytesOf(parts, 3)?.toString('utf8') ?? '') : numberAt(2);
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
