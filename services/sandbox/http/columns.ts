import type { PrinterColumn } from '../store/types.ts';
import { ageOf } from './human-duration.ts';
import { jsonPath } from './json-path.ts';

/** A column of a Table: how it is declared, and what stands in it. */
export type Column = {
  readonly declaration: ColumnDeclaration;
  /** The cell for an object; null is an empty cell. `nowMs` is the time that ages are counted to. */
  readonly cell: (object: unknown, nowMs: number) => unknown;
};

export type ColumnDeclaration = {
  readonly name: string;
  readonly type: string;
  readonly format: string;
  readonly description: string;
  readonly priority: number;
};

const nameDescription =
  'Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client to request the generation of an appropriate name automatically. Name is primarily intended for creation idempotence and configuration definition. Cannot be updated. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names';

const ageDescription =
  'CreationTimestamp is a timestamp representing the server time when this object was created. It is not guaranteed to be set in happens-before order across separate operations. Clients may not set this value. It is represented in RFC3339 form and is in UTC.\n\nPopulated by the system. Read-only. Null for lists. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata';

const metadataName = jsonPath('.metadata.name');
const creationTime = jsonPath('.metadata.creationTimestamp');

/** The first column of nearly every Table; `format: name` is how clients find it. */
export const nameColumn: Column = {
  declaration: column('Name', 'string', { format: 'name', description: nameDescription }),
  cell: (object) => metadataName(object)[0] ?? '',
};

/** Age as custom resources have it when they declare no columns. */
export const ageColumn: Column = {
  declaration: column('Age', 'date', { description: ageDescription }),
  cell: (object, nowMs) => ageOf(creationTime(object)[0], nowMs) ?? null,
};

/** Age as built-in kinds have it: a text, with a word where the time is missing. */
export const builtinAgeColumn: Column = {
  declaration: column('Age', 'string', { description: ageDescription }),
  cell: (object, nowMs) => ageOf(creationTime(object)[0], nowMs) ?? '<unknown>',
};

export function column(
  name: string,
  type: string,
  more: Partial<ColumnDeclaration> = {},
): ColumnDeclaration {
  return { name, type, format: '', description: '', priority: 0, ...more };
}

/** The columns of a custom resource: its name, then what its definition declares, or its age. */
export function declaredColumns(columns: readonly PrinterColumn[]): readonly Column[] {
  return [nameColumn, ...(columns.length === 0 ? [ageColumn] : columns.map(declaredColumn))];
}

function declaredColumn(printed: PrinterColumn): Column {
  const find = jsonPath(printed.jsonPath);
  return {
    declaration: column(printed.name, printed.type, {
      format: printed.format ?? '',
      description:
        printed.description ??
        `Custom resource definition column (in JSONPath format): ${printed.jsonPath}`,
      priority: printed.priority ?? 0,
    }),
    cell: (object, nowMs) => cellOf(printed.type, find(object), nowMs),
  };
}

/** Only a value of the declared type is shown; a text shows all that was found. */
function cellOf(type: string, found: readonly unknown[], nowMs: number): unknown {
  const [value] = found;
  if (value === undefined || value === null) return null;
  switch (type) {
    case 'string':
      return found.map(printed).join(' ');
    case 'integer':
      return typeof value === 'number' ? Math.trunc(value) : null;
    case 'number':
      return typeof value === 'number' ? value : null;
    case 'boolean':
      return typeof value === 'boolean' ? value : null;
    case 'date':
      return ageOf(value, nowMs) ?? null;
    default:
      return null;
  }
}

function printed(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
