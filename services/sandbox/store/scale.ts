import { isRecord } from '#shared/lib/canonical.ts';
import type { Core } from './core.ts';
import { withNote } from './decode.ts';
import {
  badRequest,
  failed,
  failure,
  invalid,
  noSuchResource,
  unreadablePatch,
} from './failures.ts';
import type { Failure } from './failures.ts';
import { valueAt, withValueAt } from './json.ts';
import { entriesAfterScale } from './managed-fields.ts';
import { applyPatch } from './patch.ts';
import { apiVersionOf, storageVersionOf } from './registry.ts';
import type { Served } from './registry.ts';
import { rfc3339 } from './rfc3339.ts';
import type { KubeObject, StoreAnswer } from './types.ts';
import { commitEdit, misaddressed, openEdit, otherUid, staleVersion } from './update.ts';
import type { Edit, PatchRequest, UpdateRequest } from './update.ts';

type ScalePaths = NonNullable<Served['version']['scale']>;

/** The size of an object as `autoscaling/v1` tells it. */
export function readScale({ version }: Served, object: KubeObject): StoreAnswer {
  if (version.scale === undefined) return failed(noSuchResource());
  const { specReplicasPath } = version.scale;
  if (valueAt(object, pathOf(specReplicasPath)) === undefined) {
    return failed(missingReplicas(specReplicasPath));
  }
  return { code: 200, body: scaleOf(version.scale, object) };
}

function missingReplicas(path: string): Failure {
  const message = `the spec replicas field "${path}" does not exist`;
  return failure(500, {
    message: `Internal error occurred: ${message}`,
    reason: 'InternalError',
    details: { causes: [{ message }] },
  });
}

/** PUT or PATCH of the size. */
export function writeScale(core: Core, request: UpdateRequest | PatchRequest): StoreAnswer {
  const edit = openEdit(core, request);
  if ('code' in edit) return failed(edit);
  const { scale } = edit.served.version;
  if (scale === undefined) return failed(noSuchResource());
  const body = scaleBody(edit, scale);
  if (body.kind === 'refused') return failed(body.status);
  const given = readGiven(body.value, request.verb === 'patch');
  if (given.kind === 'refused') return failed(given.status);
  const { name, namespace, uid, resourceVersion } = given;
  const mismatch =
    misaddressed(edit, { name, namespace }) ??
    otherUid(edit, uid) ??
    (resourceVersion === '' ? undefined : staleVersion(edit, resourceVersion));
  if (mismatch !== undefined) return failed(mismatch);
  return resize(core, { edit, scale, replicas: given.replicas });
}

function scaleBody({ request, served, old }: Edit, scale: ScalePaths) {
  if (request.verb === 'update') return { kind: 'patched', value: request.body } as const;
  return applyPatch(served, scaleOf(scale, old), request);
}

type Resize = { readonly edit: Edit; readonly scale: ScalePaths; readonly replicas: number };

function resize(core: Core, { edit, scale, replicas }: Resize): StoreAnswer {
  const { served, old, request } = edit;
  const { definition, version } = served;
  const path = pathOf(scale.specReplicasPath);
  const apiVersion = apiVersionOf(definition.group, version.name);
  const sized = { ...old, ...withValueAt(old, path, replicas) };
  const { causes } = core.parts.checkObject(version, { ...sized, apiVersion }, old);
  if (causes.length > 0) {
    const subject = { ...definition, name: request.name };
    return failed(invalid(subject, withNote(definition, causes)));
  }
  const next: KubeObject = { ...sized, apiVersion: storageVersionOf(definition) };
  const isSame = valueAt(old, path) === replicas;
  const entries = isSame
    ? old.metadata.managedFields
    : scaledEntries(core, edit, { path, replicas });
  const answer = commitEdit(core, edit, { next, entries: entries ?? [] });
  const object = answer.body;
  return isObject(object) ? { ...answer, body: scaleOf(scale, object) } : answer;
}

type Size = { readonly path: readonly string[]; readonly replicas: number };

function scaledEntries(core: Core, { served, old, request }: Edit, { path, replicas }: Size) {
  const { definition, version } = served;
  const writer = {
    manager: request.fieldManager,
    apiVersion: apiVersionOf(definition.group, version.name),
    subresource: 'scale',
    time: rfc3339(core.parts.clock.now()),
  };
  return entriesAfterScale(old.metadata.managedFields, path, { replicas, writer });
}

function isObject(body: unknown): body is KubeObject {
  return isRecord(body) && isRecord(body['metadata']) && body['kind'] !== 'Status';
}

/** Go leaves a size of 0 out of the spec, but not out of the status. */
function scaleOf(scale: ScalePaths, object: KubeObject) {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const replicas = numberAt(object, scale.specReplicasPath);
  const { labelSelectorPath } = scale;
  const selector =
    labelSelectorPath === undefined ? undefined : valueAt(object, pathOf(labelSelectorPath));
  const isSelected = typeof selector === 'string' && selector !== '';
  return {
    apiVersion: 'autoscaling/v1',
    kind: 'Scale',
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      uid,
      resourceVersion,
      creationTimestamp,
    },
    spec: replicas === 0 ? {} : { replicas },
    status: {
      replicas: numberAt(object, scale.statusReplicasPath),
      ...(isSelected ? { selector } : {}),
    },
  };
}

function numberAt(object: KubeObject, path: string): number {
  const value = valueAt(object, pathOf(path));
  return typeof value === 'number' ? value : 0;
}

/** `.spec.replicas` as field names. */
function pathOf(text: string): readonly string[] {
  return text.split('.').filter((part) => part !== '');
}

type GivenScale = {
  readonly kind: 'given';
  readonly replicas: number;
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly resourceVersion: string;
};

function readGiven(
  body: unknown,
  isPatch: boolean,
): GivenScale | { readonly kind: 'refused'; readonly status: Failure } {
  const object = isRecord(body) ? body : {};
  if (object['kind'] !== 'Scale' || object['apiVersion'] !== 'autoscaling/v1') {
    const message = `no kind is registered for the type v1.Scale in scheme "pkg/runtime/scheme.go:111"`;
    return { kind: 'refused', status: badRequest(message) };
  }
  const replicas = valueAt(object, ['spec', 'replicas']) ?? 0;
  if (typeof replicas !== 'number' || !Number.isInteger(replicas)) {
    const type = typeof replicas === 'number' ? `number ${replicas}` : typeof replicas;
    const why = `json: cannot unmarshal ${type} into Go struct field ScaleSpec.spec.replicas of type int32`;
    const text = JSON.stringify(object);
    const status = isPatch
      ? unreadablePatch(text, why)
      : badRequest(`Scale in version "v1" cannot be handled as a Scale: ${why}`);
    return { kind: 'refused', status };
  }
  const textAt = (field: string): string => {
    const value = valueAt(object, ['metadata', field]);
    return typeof value === 'string' ? value : '';
  };
  return {
    kind: 'given',
    replicas,
    name: textAt('name'),
    namespace: textAt('namespace'),
    uid: textAt('uid'),
    resourceVersion: textAt('resourceVersion'),
  };
}
