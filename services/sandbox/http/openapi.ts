import { createHash } from 'node:crypto';

import { isRecord } from '#shared/lib/canonical.ts';
import type { ResourceVersionDefinition } from '../store/types.ts';
import type { ServedGroup, ServedResource } from './group-versions.ts';

/** One document of `/openapi/v3`; the hash names its content and never comes back for another. */
export type OpenapiDocument = {
  /** As in the index: `api/v1`, `apis/pool.kubevirt.io/v1beta1`. */
  readonly path: string;
  readonly hash: string;
  readonly body: () => unknown;
};

/** What one resource adds to the document of its group and version. */
type Fragment = {
  readonly paths: Readonly<Record<string, unknown>>;
  readonly schemas: Readonly<Record<string, unknown>>;
  readonly hash: string;
};

const remembered = new WeakMap<ResourceVersionDefinition, Fragment>();

export function openapiDocuments(groups: readonly ServedGroup[]): readonly OpenapiDocument[] {
  return groups.flatMap((group) =>
    group.versions.map((version) => {
      const root = group.name === '' ? 'api' : `apis/${group.name}`;
      const fragments = version.resources.map((resource) => fragmentOf(resource));
      return {
        path: `${root}/${version.name}`,
        hash: hashOf(fragments.map(({ hash }) => hash).join()),
        body: () => documentOf(fragments),
      };
    }),
  );
}

/** `/openapi/v3`. */
export function openapiIndex(documents: readonly OpenapiDocument[]): unknown {
  const entries = documents.map((document) => [
    document.path,
    { serverRelativeURL: openapiUrl(document) },
  ]);
  return { paths: Object.fromEntries(entries) };
}

export function openapiUrl({ path, hash }: OpenapiDocument): string {
  return `/openapi/v3/${path}?hash=${hash}`;
}

export function hashOf(text: string): string {
  return createHash('sha512').update(text).digest('hex').toUpperCase();
}

function documentOf(fragments: readonly Fragment[]): unknown {
  return {
    openapi: '3.0.0',
    info: { title: 'Rollcall sandbox', version: 'v1' },
    paths: Object.assign({}, ...fragments.map(({ paths }) => paths)),
    components: {
      schemas: Object.assign(
        {},
        { [metaName]: metaSchema },
        ...fragments.map(({ schemas }) => schemas),
      ),
    },
  };
}

function fragmentOf(resource: ServedResource): Fragment {
  const known = remembered.get(resource.version);
  if (known !== undefined) return known;
  const content = { paths: pathsOf(resource), schemas: schemasOf(resource) };
  const fragment = { ...content, hash: hashOf(JSON.stringify(content)) };
  remembered.set(resource.version, fragment);
  return fragment;
}

/** `io.kubevirt.pool.v1beta1.VirtualMachinePool`: the group backwards, as for real documents. */
function schemaName({ definition, version }: ServedResource): string {
  const { group, kind } = definition;
  const prefix = group.includes('.')
    ? group.split('.').toReversed().join('.')
    : `io.k8s.api.${group === '' ? 'core' : group}`;
  return `${prefix}.${version.name}.${kind}`;
}

function groupVersionKind({
  definition,
  version,
}: ServedResource): Readonly<Record<string, string>> {
  return { group: definition.group, version: version.name, kind: definition.kind };
}

function schemasOf(resource: ServedResource): Readonly<Record<string, unknown>> {
  const name = schemaName(resource);
  const { schema } = resource.version;
  const properties = isRecord(schema?.['properties']) ? schema['properties'] : {};
  return {
    [name]: {
      ...(schema ?? { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }),
      properties: { ...properties, ...envelope },
      'x-kubernetes-group-version-kind': [groupVersionKind(resource)],
    },
  };
}

const metaName = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';
const textSchema = { type: 'string' };
const textMap = { type: 'object', additionalProperties: textSchema };

/** What every object has in common; schemas of kinds leave it out. */
const envelope = {
  apiVersion: { ...textSchema, description: 'Group and version of the schema of this object.' },
  kind: { ...textSchema, description: 'What this object is.' },
  metadata: {
    allOf: [{ $ref: `#/components/schemas/${metaName}` }],
    description: 'What all objects have: a name, labels, owners, and what the server notes.',
    default: {},
  },
};

const metaSchema = {
  type: 'object',
  description: 'What all objects have.',
  properties: {
    name: textSchema,
    generateName: textSchema,
    namespace: textSchema,
    uid: textSchema,
    resourceVersion: textSchema,
    generation: { type: 'integer', format: 'int64' },
    creationTimestamp: { type: 'string', format: 'date-time' },
    deletionTimestamp: { type: 'string', format: 'date-time' },
    deletionGracePeriodSeconds: { type: 'integer', format: 'int64' },
    labels: textMap,
    annotations: textMap,
    finalizers: { type: 'array', items: textSchema, 'x-kubernetes-list-type': 'set' },
    ownerReferences: {
      type: 'array',
      items: {
        type: 'object',
        required: ['apiVersion', 'kind', 'name', 'uid'],
        properties: {
          apiVersion: textSchema,
          kind: textSchema,
          name: textSchema,
          uid: textSchema,
          controller: { type: 'boolean' },
          blockOwnerDeletion: { type: 'boolean' },
        },
      },
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['uid'],
    },
    managedFields: { type: 'array', items: { type: 'object' } },
  },
};

function pathsOf(resource: ServedResource): Readonly<Record<string, unknown>> {
  const { definition, version } = resource;
  const root = definition.group === '' ? '/api' : `/apis/${definition.group}`;
  const scope = definition.namespaced ? '/namespaces/{namespace}' : '';
  const collection = `${root}/${version.name}${scope}/${definition.plural}`;
  const one = `${collection}/{name}`;
  const subresources = [
    ...(version.status ? ['status'] : []),
    ...(version.scale === undefined ? [] : ['scale']),
  ];
  return {
    [collection]: {
      get: operation(resource, 'list', []),
      post: operation(resource, 'post', writeParameters),
      delete: operation(resource, 'deletecollection', ['dryRun']),
    },
    [one]: {
      get: operation(resource, 'get', []),
      put: operation(resource, 'put', writeParameters),
      patch: patchOperation(resource),
      delete: operation(resource, 'delete', ['dryRun']),
    },
    ...Object.fromEntries(
      subresources.map((name) => [
        `${one}/${name}`,
        {
          get: operation(resource, 'get', []),
          put: operation(resource, 'put', writeParameters),
          patch: patchOperation(resource),
        },
      ]),
    ),
  };
}

const writeParameters = ['dryRun', 'fieldManager', 'fieldValidation'];

function operation(
  resource: ServedResource,
  action: string,
  parameters: readonly string[],
): Readonly<Record<string, unknown>> {
  const schema = { $ref: `#/components/schemas/${schemaName(resource)}` };
  return {
    ...(parameters.length === 0 ? {} : { parameters: parameters.map(queryParameter) }),
    responses: { 200: { description: 'OK', content: { 'application/json': { schema } } } },
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': groupVersionKind(resource),
  };
}

function queryParameter(name: string): unknown {
  return { name, in: 'query', schema: { type: 'string', uniqueItems: true } };
}

/**
 * kubectl looks here for two things: the parameter fieldValidation, without which it validates by
 * itself, and the strategic patch, which it must not find, so that it merges custom resources.
 */
function patchOperation(resource: ServedResource): unknown {
  const schema = { type: 'object' };
  return {
    ...operation(resource, 'patch', writeParameters),
    requestBody: {
      required: true,
      content: {
        'application/json-patch+json': { schema },
        'application/merge-patch+json': { schema },
      },
    },
  };
}
