import { isRecord } from '#shared/lib/canonical.ts';
import { appliedObject, entriesAfterApply, ownPart } from './apply-fields.ts';
import type { Application, ApplyConflict } from './apply-fields.ts';
import type { Core } from './core.ts';
import { createApplied } from './create.ts';
import { decodeObject } from './decode.ts';
import { badRequest, failed, failure, noSuchResource } from './failures.ts';
import type { Failure } from './failures.ts';
import { valueAt } from './json.ts';
import type { JsonObject } from './json.ts';
import { lastAppliedFields, withLastApplied } from './last-applied.ts';
import { comparisons, ownershipSchema } from './managed-fields.ts';
import type { Entries, Writer } from './managed-fields.ts';
import { apiVersionOf } from './registry.ts';
import type { Served } from './registry.ts';
import { rfc3339 } from './rfc3339.ts';
import { shownPart, undeclared } from './typed-value.ts';
import type { KubeObject, ManagedFields, StoreAnswer } from './types.ts';
import { misaddressed, openEdit, staleVersion, writeDecoded } from './update.ts';
import type { Edit, PatchRequest } from './update.ts';

/** Server-side apply: PATCH with a configuration whose fields the manager then owns. */
export function applyObject(core: Core, request: PatchRequest): StoreAnswer {
  const served = core.registry.resolve(request.resource);
  if (served === undefined) return failed(noSuchResource());
  const config = isRecord(request.body) ? request.body : {};
  const problem = unusable(served, request, config);
  if (problem !== undefined) return failed(problem);
  const old = core.get(served.definition, request.namespace, request.name);
  const writer = writerOf(core, served, request);
  if (old === undefined) {
    if (request.subresource !== undefined) return failed(noneToApplyTo(core, request));
    return applyToNothing(core, served, { request, config, writer });
  }
  return applyTo(core, { edit: { request, served, old }, config, writer });
}

function noneToApplyTo(core: Core, request: PatchRequest): Failure {
  const edit = openEdit(core, request);
  return 'code' in edit ? edit : noSuchResource();
}

function writerOf(core: Core, { definition, version }: Served, request: PatchRequest): Writer {
  const { subresource, fieldManager: manager } = request;
  return {
    manager,
    apiVersion: apiVersionOf(definition.group, version.name),
    time: rfc3339(core.parts.clock.now()),
    ...(subresource !== undefined && { subresource }),
  };
}

/** What no configuration may say, whatever stands there. */
function unusable(
  { definition, version }: Served,
  { name, namespace }: PatchRequest,
  config: JsonObject,
): Failure | undefined {
  const apiVersion = apiVersionOf(definition.group, version.name);
  const { kind } = definition;
  if (config['apiVersion'] !== apiVersion || config['kind'] !== kind) {
    const given = `${String(config['apiVersion'] ?? '')}, Kind=${String(config['kind'] ?? '')}`;
    return badRequest(`invalid object type: ${given}`);
  }
  const metadata = isRecord(config['metadata']) ? config['metadata'] : {};
  if (metadata['managedFields'] !== undefined && metadata['managedFields'] !== null) {
    return badRequest('metadata.managedFields must be nil');
  }
  const given = metadata['name'];
  if (typeof given === 'string' && given !== '' && given !== name) {
    return badRequest(
      `the name of the object (${given}) does not match the name on the URL (${name})`,
    );
  }
  const problems = undeclared(config, ownershipSchema(definition, apiVersion)).filter(
    (text) => !/^\.(apiVersion|kind|metadata)\b/.test(text),
  );
  if (problems.length === 0) return undefined;
  const place = `${String(metadata['namespace'] ?? '')}/${name}`;
  const subject = `(${namespace === '' ? `/${name}` : place}; ${apiVersion}, Kind=${kind})`;
  const text = problems.length === 1 ? problems.join('') : `errors:\n  ${problems.join('\n  ')}`;
  return failure(500, { message: `failed to create typed patch object ${subject}: ${text}` });
}

type Applying = {
  readonly request: PatchRequest;
  readonly config: JsonObject;
  readonly writer: Writer;
};

/** What is not there is made, and everything that is named belongs to the applier. */
function applyToNothing(
  core: Core,
  served: Served,
  { request, config, writer }: Applying,
): StoreAnswer {
  const { name, namespace } = request;
  const metadata = isRecord(config['metadata']) ? config['metadata'] : {};
  const place = served.definition.namespaced ? { namespace } : {};
  const body = { ...config, metadata: { ...metadata, ...place, name } };
  return createApplied(core, { ...request, verb: 'create', body }, (draft) => {
    const application = applicationOf(
      served,
      { live: bare(draft), entries: [] },
      { config, writer },
    );
    const made = entriesAfterApply(application, draft, { force: true, allowed: {} });
    return made.kind === 'entries' ? made.entries : [];
  });
}

/** The object as if nothing had ever been said about it. */
function bare({ apiVersion, kind, metadata }: KubeObject): KubeObject {
  const { name, uid, resourceVersion, creationTimestamp } = metadata;
  return { apiVersion, kind, metadata: { name, uid, resourceVersion, creationTimestamp } };
}

function applicationOf(
  { definition, version }: Served,
  { live, entries }: Pick<Application, 'live' | 'entries'>,
  { config, writer }: Omit<Applying, 'request'>,
): Application {
  const { subresource } = writer;
  const door = { hasStatus: version.status, ...(subresource !== undefined && { subresource }) };
  return { definition, live, entries, writer, config: ownPart(config, door) };
}

type ApplyEdit = { readonly edit: Edit; readonly config: JsonObject; readonly writer: Writer };

function applyTo(core: Core, { edit, config, writer }: ApplyEdit): StoreAnswer {
  const { served, old, request } = edit;
  const entries = old.metadata.managedFields ?? before(edit, writer);
  const application = applicationOf(served, { live: old, entries }, { config, writer });
  const applied = appliedObject(application);
  const { manager } = writer;
  const noted = withLastApplied(applied, { old, config, manager });
  const decoded = decodeObject(core.parts, served, noted, old);
  if (decoded.kind === 'refused') return failed(decoded.status);
  if (decoded.kind === 'unreadable') return failed(badRequest(decoded.why));
  const version = valueAt(config, ['metadata', 'resourceVersion']);
  const mismatch =
    misaddressed(edit, decoded.meta) ??
    (typeof version === 'string' && version !== '' ? staleVersion(edit, version) : undefined);
  if (mismatch !== undefined) return failed(mismatch);
  const metadata = metaOf(old, applied);
  const next: KubeObject = { ...decoded.content, ...identityOf(old, writer), metadata };
  const force = 'force' in request && request.force === true;
  const made = entriesAfterApply(application, next, {
    force,
    allowed: lastAppliedFields(application),
  });
  if (made.kind === 'conflicts') return failed(applyConflict(made.conflicts));
  return writeDecoded(core, edit, decoded, made.entries);
}

function identityOf({ kind }: KubeObject, { apiVersion }: Writer) {
  return { apiVersion, kind };
}

function metaOf({ metadata }: KubeObject, applied: JsonObject): KubeObject['metadata'] {
  const given = isRecord(applied['metadata']) ? applied['metadata'] : {};
  const { labels: _l, annotations: _a, finalizers: _f, ownerReferences: _o, ...kept } = metadata;
  const { name, uid, resourceVersion, creationTimestamp } = metadata;
  const { labels, annotations, finalizers, ownerReferences } = given;
  const own = Object.entries({ labels, annotations, finalizers, ownerReferences });
  const set = Object.fromEntries(own.filter(([, value]) => value !== undefined));
  return { ...kept, name, uid, resourceVersion, creationTimestamp, ...set };
}

/** An object that nobody is known to own belongs to whoever came before the first apply. */
function before({ served, old }: Edit, { apiVersion, time }: Writer): Entries {
  const { written } = comparisons(served.definition, undefined, old)(apiVersion);
  const entry: ManagedFields = {
    manager: 'before-first-apply',
    operation: 'Update',
    apiVersion,
    time,
    fieldsType: 'FieldsV1',
    fieldsV1: written,
  };
  return [entry];
}

function applyConflict(conflicts: readonly ApplyConflict[]): Failure {
  const causes = conflicts.map(({ entry, path }) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with ${managerText(entry)}`,
    field: path.map(shownPart).join(''),
  }));
  const message = `Apply failed with ${conflictText(causes)}`;
  return failure(409, { message, reason: 'Conflict', details: { causes } });
}

type Cause = { readonly message: string; readonly field: string };

function conflictText(causes: readonly Cause[]): string {
  const [only] = causes;
  if (causes.length === 1 && only !== undefined) {
    return `1 conflict: ${only.message}: ${only.field}`;
  }
  const byManager = Map.groupBy(causes, ({ message }) => message);
  const lines = [...byManager].flatMap(([message, own]) => [
    `${message.replace('conflict with', 'conflicts with')}:`,
    ...own.map(({ field }) => `- ${field}`),
  ]);
  return `${causes.length} conflicts: ${lines.join('\n')}`;
}

function managerText({ manager, subresource, operation, apiVersion, time }: ManagedFields): string {
  const at = subresource === undefined ? '' : ` with subresource ${JSON.stringify(subresource)}`;
  const who = `${JSON.stringify(manager)}${at}`;
  if (operation === 'Apply') return who;
  return time === undefined
    ? `${who} using ${apiVersion}`
    : `${who} using ${apiVersion} at ${time}`;
}
