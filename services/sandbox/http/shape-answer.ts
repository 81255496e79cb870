import { isRecord } from '#shared/lib/canonical.ts';
import type { StoreAnswer } from '../store/types.ts';
import type { Shape } from './media-types.ts';
import type { Read } from './query.ts';
import type { Reply } from './reply.ts';
import { failure } from './status.ts';
import { partialListOf, partialOf, tableOf } from './tables.ts';
import type { IncludeObject, Shown } from './tables.ts';

/** The query's includeObject; another word than the known ones is refused when a Table is made. */
export function includeOf(query: URLSearchParams): Read<IncludeObject> {
  const asked = query.get('includeObject') ?? '';
  if (asked === '' || asked === 'Metadata') return { kind: 'read', value: 'Metadata' };
  if (asked === 'Object' || asked === 'None') return { kind: 'read', value: asked };
  const message = `Unable to convert to Table as requested: includeObject: Invalid value: ${JSON.stringify(asked)}: must be 'Metadata', 'Object', 'None', or empty`;
  return { kind: 'refused', status: failure(400, message) };
}

export type Wanted = {
  readonly shape: Shape;
  readonly shown: Shown;
  readonly include: Read<IncludeObject>;
  readonly nowMs: number;
};

/** Brings what the store answered into the form the client asked for; failures stay as they are. */
export function shapeAnswer(wanted: Wanted, answer: StoreAnswer): Reply {
  const { code, body, warnings = [] } = answer;
  const format = wanted.shape.kind === 'plain' ? wanted.shape.format : 'json';
  const asIs: Reply = { code, content: { kind: 'object', value: body, format }, warnings };
  if (code >= 300 || !isRecord(body) || body['kind'] === 'Status') return asIs;
  const { shape } = wanted;
  switch (shape.kind) {
    case 'plain':
    case 'aggregated-discovery':
      return asIs;
    case 'table': {
      if (wanted.include.kind === 'refused') return refusedAs(wanted.include.status);
      const options = { include: wanted.include.value, nowMs: wanted.nowMs };
      return { ...asIs, content: objectOf(tableOf(wanted.shown, body, options)) };
    }
    case 'partial': {
      const isList = Array.isArray(body['items']);
      if (isList !== shape.list) return refusedAs(failure(406, wrongPartial(isList, wanted)));
      return { ...asIs, content: objectOf(isList ? partialListOf(body) : partialOf(body)) };
    }
  }
}

function objectOf(value: unknown): Reply['content'] {
  return { kind: 'object', value };
}

function refusedAs(status: ReturnType<typeof failure>): Reply {
  return { code: status.code, content: objectOf(status) };
}

function wrongPartial(isList: boolean, { shown }: Wanted): string {
  const { custom, listKind, kind } = shown.definition;
  if (isList) {
    const type = custom ? '*unstructured.UnstructuredList' : listKind;
    return `you requested PartialObjectMetadata, but the requested object is a list (${type})`;
  }
  const type = custom ? '*unstructured.Unstructured' : kind;
  return `you requested PartialObjectMetadataList, but the requested object is not a list (${type})`;
}
