import { isRecord } from '#shared/lib/canonical.ts';
import type { DeleteOptions, ListOptions } from '../store/types.ts';
import { failure, invalidOptions } from './status.ts';
import type { Status, StatusCause } from './status.ts';

/** A reading that may end in a refusal, which is then the answer of the request. */
export type Read<Value> =
  | { readonly kind: 'read'; readonly value: Value }
  | { readonly kind: 'refused'; readonly status: Status };

function refused(status: Status): { readonly kind: 'refused'; readonly status: Status } {
  return { kind: 'refused', status };
}

/** Present and neither `0` nor `false` is true, an empty value too: as query parameters read in Go. */
export function isSet(query: URLSearchParams, name: string): boolean {
  const value = query.get(name)?.toLowerCase();
  return value !== undefined && value !== '0' && value !== 'false';
}

/** A whole number, or undefined where the parameter is absent or empty. */
export function readInteger(query: URLSearchParams, name: string): Read<number | undefined> {
  const text = query.get(name);
  if (text === null || text === '') return { kind: 'read', value: undefined };
  if (!/^[+-]?\d+$/.test(text)) {
    const problem = `strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`;
    return refused(failure(400, problem));
  }
  return { kind: 'read', value: Number(text) };
}

export function readListOptions(query: URLSearchParams): Read<ListOptions> {
  const limit = readInteger(query, 'limit');
  if (limit.kind === 'refused') return limit;
  const texts = ['labelSelector', 'fieldSelector', 'continue'].concat([
    'resourceVersion',
    'resourceVersionMatch',
  ]);
  const given = texts.flatMap((name): readonly (readonly [string, string])[] => {
    const value = query.get(name);
    return value === null || value === '' ? [] : [[name, value]];
  });
  const options: ListOptions = Object.fromEntries(given);
  const value = limit.value === undefined ? options : { ...options, limit: limit.value };
  return { kind: 'read', value };
}

export type WriteOptions = {
  readonly dryRun: boolean;
  readonly fieldValidation?: 'Ignore' | 'Warn' | 'Strict';
};

/** The options of a write; `kind` names them in a refusal, for instance `PatchOptions`. */
export function readWriteOptions(query: URLSearchParams, kind: string): Read<WriteOptions> {
  const dryRun = query.getAll('dryRun').filter((value) => value !== '');
  const validation = query.get('fieldValidation') ?? '';
  const causes = [
    ...dryRunCauses(dryRun),
    ...fieldManagerCauses(query.get('fieldManager') ?? ''),
    ...fieldValidationCauses(validation),
  ];
  if (causes.length > 0) return refused(invalidOptions(kind, causes));
  const value = { dryRun: dryRun.length > 0, ...fieldValidationOf(validation) };
  return { kind: 'read', value };
}

function fieldValidationOf(text: string): Pick<WriteOptions, 'fieldValidation'> {
  if (text !== 'Ignore' && text !== 'Warn' && text !== 'Strict') return {};
  return { fieldValidation: text };
}

function fieldValidationCauses(text: string): readonly StatusCause[] {
  if (text === '' || fieldValidationOf(text).fieldValidation !== undefined) return [];
  const message = `Unsupported value: ${JSON.stringify(text)}: supported values: "", "Ignore", "Strict", "Warn"`;
  return [{ reason: 'FieldValueNotSupported', message, field: 'fieldValidation' }];
}

function fieldManagerCauses(text: string): readonly StatusCause[] {
  if (Buffer.byteLength(text) <= 128) return [];
  const message = 'Too long: may not be more than 128 bytes';
  return [{ reason: 'FieldValueTooLong', message, field: 'fieldManager' }];
}

function dryRunCauses(values: readonly string[]): readonly StatusCause[] {
  if (values.every((value) => value === 'All')) return [];
  const shown = values.map((value) => JSON.stringify(value)).join(',');
  const message = `Unsupported value: [${shown}]: supported values: "All"`;
  return [{ reason: 'FieldValueNotSupported', message, field: 'dryRun' }];
}

export type DeleteRequest = { readonly options: DeleteOptions; readonly dryRun: boolean };

/** Delete options come in the body or in the query; as in apiserver a body counts alone, even an empty one. */
export function readDeleteOptions(query: URLSearchParams, body: unknown): Read<DeleteRequest> {
  const given = isRecord(body) ? body : fromQuery(query);
  const dryRun = textsOf(given['dryRun']);
  const causes = [...dryRunCauses(dryRun), ...policyCauses(given)];
  if (causes.length > 0) return refused(invalidOptions('DeleteOptions', causes));
  return { kind: 'read', value: { options: deleteOptionsOf(given), dryRun: dryRun.length > 0 } };
}

function fromQuery(query: URLSearchParams): Readonly<Record<string, unknown>> {
  const grace = query.get('gracePeriodSeconds');
  const orphan = query.get('orphanDependents');
  return {
    propagationPolicy: query.get('propagationPolicy') ?? undefined,
    dryRun: query.getAll('dryRun'),
    gracePeriodSeconds: grace === null || grace === '' ? undefined : Number(grace),
    orphanDependents: orphan === null ? undefined : orphan === 'true',
  };
}

function textsOf(value: unknown): readonly string[] {
  if (!Array.isArray(value)) return [];
  return value.filter((item): item is string => typeof item === 'string' && item !== '');
}

const policies = ['Background', 'Foreground', 'Orphan'] as const;
type Policy = (typeof policies)[number];

function policyOf(value: unknown): Policy | undefined {
  return policies.find((policy) => policy === value);
}

function policyCauses(given: Readonly<Record<string, unknown>>): readonly StatusCause[] {
  const { propagationPolicy: value, orphanDependents } = given;
  if (value === undefined || value === null || value === '') return [];
  const field = 'propagationPolicy';
  const shown = JSON.stringify(value);
  if (orphanDependents !== undefined && orphanDependents !== null) {
    const message = `Invalid value: ${shown}: orphanDependents and deletionPropagation cannot be both set`;
    return [{ reason: 'FieldValueInvalid', message, field }];
  }
  if (policyOf(value)) return [];
  const message = `Unsupported value: ${shown}: supported values: "Foreground", "Background", "Orphan", "nil"`;
  return [{ reason: 'FieldValueNotSupported', message, field }];
}

function deleteOptionsOf(given: Readonly<Record<string, unknown>>): DeleteOptions {
  const grace = given['gracePeriodSeconds'];
  const policy = policyOf(given['propagationPolicy']) ?? orphanPolicy(given['orphanDependents']);
  const preconditions = preconditionsOf(given['preconditions']);
  return {
    ...(typeof grace === 'number' ? { gracePeriodSeconds: grace } : {}),
    ...(policy === undefined ? {} : { propagationPolicy: policy }),
    ...(preconditions === undefined ? {} : { preconditions }),
  };
}

/** The older spelling of a propagation policy. */
function orphanPolicy(value: unknown): Policy | undefined {
  if (typeof value !== 'boolean') return undefined;
  return value ? 'Orphan' : 'Background';
}

function preconditionsOf(value: unknown): DeleteOptions['preconditions'] {
  if (!isRecord(value)) return undefined;
  const { uid, resourceVersion } = value;
  return {
    ...(typeof uid === 'string' ? { uid } : {}),
    ...(typeof resourceVersion === 'string' ? { resourceVersion } : {}),
  };
}
