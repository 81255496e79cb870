import { isRecord } from '#shared/lib/canonical.ts';
import type { Caller, ResourcePath, StoreRequest, Subresource } from '../store/types.ts';
import { fieldManagerOf } from './exchange.ts';
import type { Exchange } from './exchange.ts';
import type { ObjectTarget } from './paths.ts';
import { isSet, readDeleteOptions, readListOptions, readWriteOptions } from './query.ts';
import type { Read } from './query.ts';
import { mediaTypeOf, parseBody, parseJson, parseYamlBody, readBytes } from './read-body.ts';
import type { Parsed } from './read-body.ts';
import { failure, invalidOptions } from './status.ts';
import type { Status } from './status.ts';
import type { Shown } from './tables.ts';

export type Verb = StoreRequest['verb'];

/** A request whose resource exists and whose verb is clear. */
export type Asked = { readonly target: ObjectTarget; readonly shown: Shown; readonly verb: Verb };

/** Turns the request into one for the store; what the client did wrong is a refusal. */
export async function readRequest(exchange: Exchange, asked: Asked): Promise<Read<StoreRequest>> {
  const { target } = asked;
  const { group, version, plural, namespace = '', name = '' } = target;
  const { caller, query } = exchange;
  const common = { resource: { group, version, plural }, namespace, caller };
  const sub = subresourceField(target.subresource);
  switch (asked.verb) {
    case 'get':
      return { kind: 'read', value: { ...common, verb: 'get', name, ...sub } };
    case 'list': {
      const options = readListOptions(query);
      if (options.kind === 'refused') return options;
      return { kind: 'read', value: { ...common, verb: 'list', options: options.value } };
    }
    case 'create':
    case 'update':
      return readObjectWrite(exchange, asked, { ...common, name, ...sub });
    case 'patch':
      return readPatch(exchange, asked, { ...common, name, ...sub });
    case 'delete':
    case 'deletecollection':
      return readDelete(exchange, asked, { ...common, name });
  }
}

function subresourceField(name: string | undefined): { readonly subresource?: Subresource } {
  return name === 'status' || name === 'scale' ? { subresource: name } : {};
}

type Named = {
  readonly resource: ResourcePath;
  readonly namespace: string;
  readonly caller: Caller;
  readonly name: string;
  readonly subresource?: Subresource;
};

async function readObjectWrite(
  exchange: Exchange,
  { shown, verb }: Asked,
  { name, subresource, ...common }: Named,
): Promise<Read<StoreRequest>> {
  const creates = verb === 'create';
  const options = readWriteOptions(exchange.query, creates ? 'CreateOptions' : 'UpdateOptions');
  if (options.kind === 'refused') return options;
  const body = await readContent(exchange, (bytes) =>
    parseBody(bytes, exchange.request.headers['content-type']),
  );
  if (body.kind === 'refused') return body;
  const parsed = body.value;
  if (parsed.kind === 'unsupported') return refused(failure(415, unknownFormat(plainTypes)));
  if (parsed.kind === 'unreadable') return refused(unrecognized(parsed, shown));
  exchange.trail?.requested(parsed.value);
  const base = { ...common, ...options.value, fieldManager: fieldManagerOf(exchange) };
  if (creates) return { kind: 'read', value: { ...base, verb: 'create', body: parsed.value } };
  const sub = subresource === undefined ? {} : { subresource };
  return { kind: 'read', value: { ...base, verb: 'update', name, ...sub, body: parsed.value } };
}

const plainTypes = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'];

function unknownFormat(types: readonly string[]): string {
  return `the body of the request was in an unknown format - accepted media types include: ${types.join(', ')}`;
}

function unrecognized(
  { problem, text }: Extract<Parsed, { kind: 'unreadable' }>,
  { definition }: Shown,
): Status {
  const shownText = text === '' ? '<empty>' : text;
  const message = `the object provided is unrecognized (must be of type ${definition.kind}): couldn't get version/kind; json parse error: ${problem} (${shownText})`;
  return failure(400, message);
}

const patches = {
  'application/json-patch+json': 'json',
  'application/merge-patch+json': 'merge',
  'application/strategic-merge-patch+json': 'strategic',
  'application/apply-patch+yaml': 'apply',
} as const;

function patchOf(type: string): (typeof patches)[keyof typeof patches] | undefined {
  return Object.entries(patches).find(([known]) => known === type)?.[1];
}

async function readPatch(
  exchange: Exchange,
  { shown }: Asked,
  { subresource, ...named }: Named,
): Promise<Read<StoreRequest>> {
  const options = readWriteOptions(exchange.query, 'PatchOptions');
  if (options.kind === 'refused') return options;
  const type = mediaTypeOf(exchange.request.headers['content-type']);
  const patch = patchOf(type);
  const { custom } = shown.definition;
  if (patch === undefined || (custom && patch === 'strategic')) {
    return refused(failure(415, unknownFormat(patchTypes(custom))));
  }
  const isApply = patch === 'apply';
  if (isApply && (exchange.query.get('fieldManager') ?? '') === '') return refused(noManager());
  const body = await readContent(exchange, isApply ? parseYamlBody : parseJson);
  if (body.kind === 'refused') return body;
  const parsed = body.value;
  if (parsed.kind === 'unsupported')
    return refused(failure(415, unknownFormat(patchTypes(custom))));
  if (parsed.kind === 'unreadable') {
    return refused(failure(400, `error decoding patch: ${parsed.problem}`));
  }
  exchange.trail?.requested(parsed.value);
  const base = { ...named, ...options.value, fieldManager: fieldManagerOf(exchange) };
  const sub = subresource === undefined ? {} : { subresource };
  const force = isApply && isSet(exchange.query, 'force') ? { force: true } : {};
  const { value } = parsed;
  return { kind: 'read', value: { ...base, verb: 'patch', patch, ...sub, ...force, body: value } };
}

function noManager(): Status {
  const message = 'Required value: is required for apply patch';
  const cause = { reason: 'FieldValueRequired', message, field: 'fieldManager' };
  return invalidOptions('PatchOptions', [cause]);
}

function patchTypes(custom: boolean): readonly string[] {
  const strategic = custom ? [] : ['application/strategic-merge-patch+json'];
  const plain = ['application/json-patch+json', 'application/merge-patch+json'];
  return [...plain, ...strategic, 'application/apply-patch+yaml'];
}

async function readDelete(
  exchange: Exchange,
  { shown, verb }: Asked,
  { name, ...common }: Named,
): Promise<Read<StoreRequest>> {
  const list = readListOptions(exchange.query);
  if (list.kind === 'refused') return list;
  const body = await readContent(exchange, (bytes) =>
    bytes.length === 0
      ? { kind: 'value', value: undefined }
      : parseBody(bytes, exchange.request.headers['content-type']),
  );
  if (body.kind === 'refused') return body;
  const parsed = body.value;
  if (parsed.kind === 'unsupported') return refused(failure(415, unknownFormat(plainTypes)));
  if (parsed.kind === 'unreadable') return refused(unrecognized(parsed, shown));
  if (isRecord(parsed.value)) exchange.trail?.requested({ ...parsed.value, ...decodedOptions });
  const read = readDeleteOptions(exchange.query, parsed.value);
  if (read.kind === 'refused') return read;
  const base = { ...common, ...read.value, fieldManager: fieldManagerOf(exchange) };
  if (verb === 'delete') return { kind: 'read', value: { ...base, verb: 'delete', name } };
  return { kind: 'read', value: { ...base, verb: 'deletecollection', list: list.value } };
}

/** Options are audited as decoded, in the version that apiserver has for itself. */
const decodedOptions = { kind: 'DeleteOptions', apiVersion: 'meta.k8s.io/__internal' };

async function readContent(
  exchange: Exchange,
  parse: (bytes: Buffer) => Parsed,
): Promise<Read<Parsed>> {
  const bytes = await readBytes(exchange.request);
  if (bytes === 'too large') {
    const message = 'Request entity too large: limit is 3145728';
    return refused(failure(413, message));
  }
  return { kind: 'read', value: parse(bytes) };
}

function refused(status: Status): { readonly kind: 'refused'; readonly status: Status } {
  return { kind: 'refused', status };
}
