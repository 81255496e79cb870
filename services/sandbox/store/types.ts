/**
 * What the sandbox's parts say to each other. The store is one deterministic piece of code: requests
 * go in, answers and changes come out, under an injected clock. HTTP is a shell around it, KubeVirt's
 * behaviour is a client of it, simulation drives it in memory.
 */

export type JsonValue = unknown;
export type KubeObject = {
  apiVersion: string;
  kind: string;
  metadata: KubeMeta;
  [field: string]: unknown;
};

export type KubeMeta = {
  name: string;
  namespace?: string;
  uid: string;
  resourceVersion: string;
  generation?: number;
  creationTimestamp: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
  ownerReferences?: KubeOwner[];
  managedFields?: ManagedFields[];
  [field: string]: unknown;
};

export type KubeOwner = {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
};

export type ManagedFields = {
  manager: string;
  operation: 'Update' | 'Apply';
  apiVersion: string;
  /** RFC 3339, seconds; an entry made through `/scale` has none. */
  time?: string;
  fieldsType: 'FieldsV1';
  fieldsV1: Record<string, unknown>;
  subresource?: string;
};

/** One resource as discovery tells it, with everything that the store needs to serve it. */
export type ResourceDefinition = {
  readonly group: string;
  readonly versions: readonly ResourceVersionDefinition[];
  readonly kind: string;
  readonly listKind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  /** Made from a CustomResourceDefinition: PUT needs a resourceVersion, strategic merge is refused. */
  readonly custom: boolean;
  /** What can be done with it where that is not everything: `['create']` is a question, never kept. */
  readonly verbs?: readonly string[];
  /** A built-in kind that counts changes of its wanted state; custom ones always do. */
  readonly generation?: boolean;
};

export type ResourceVersionDefinition = {
  readonly name: string;
  readonly served: boolean;
  readonly storage: boolean;
  readonly deprecated?: boolean;
  readonly deprecationWarning?: string;
  /** openAPIV3Schema; absent for built-in kinds without one. */
  readonly schema?: Record<string, unknown>;
  readonly status: boolean;
  readonly scale?: {
    readonly specReplicasPath: string;
    readonly statusReplicasPath: string;
    readonly labelSelectorPath?: string;
  };
  readonly columns: readonly PrinterColumn[];
};

export type PrinterColumn = {
  readonly name: string;
  readonly type: string;
  readonly format?: string;
  readonly description?: string;
  readonly priority?: number;
  readonly jsonPath: string;
};

/** Names a resource in a request: the path's group, version and plural. */
export type ResourcePath = {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
};

export type Caller = {
  readonly user: string;
  readonly groups: readonly string[];
  readonly uid?: string;
  /** What the proof of the identity also says, for reviews and audit. */
  readonly extra?: Readonly<Record<string, readonly string[]>>;
};

type Common = {
  readonly resource: ResourcePath;
  /** '' for a cluster-scoped resource, or for a list over all namespaces. */
  readonly namespace: string;
  readonly caller: Caller;
};

type Write = Common & {
  readonly fieldManager: string;
  readonly dryRun?: boolean;
  readonly fieldValidation?: 'Ignore' | 'Warn' | 'Strict';
};

export type ListOptions = {
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly limit?: number;
  readonly continue?: string;
  readonly resourceVersion?: string;
  readonly resourceVersionMatch?: string;
};

export type DeleteOptions = {
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
  readonly gracePeriodSeconds?: number;
};

export type Subresource = 'status' | 'scale';

export type StoreRequest =
  | (Common & { readonly verb: 'get'; readonly name: string; readonly subresource?: Subresource })
  | (Common & { readonly verb: 'list'; readonly options: ListOptions })
  | (Write & {
      readonly verb: 'create';
      readonly body: JsonValue;
      /** Of the new object; the store makes one when it is left out. */
      readonly uid?: string;
    })
  | (Write & {
      readonly verb: 'update';
      readonly name: string;
      readonly subresource?: Subresource;
      readonly body: JsonValue;
    })
  | (Write & {
      readonly verb: 'patch';
      readonly name: string;
      readonly subresource?: Subresource;
      readonly patch: 'merge' | 'json' | 'strategic' | 'apply';
      /** Of an apply: takes fields over from managers that gave them another value. */
      readonly force?: boolean;
      readonly body: JsonValue;
    })
  | (Write & { readonly verb: 'delete'; readonly name: string; readonly options: DeleteOptions })
  | (Write & {
      readonly verb: 'deletecollection';
      readonly options: DeleteOptions;
      readonly list: ListOptions;
    });

/** HTTP status and body: the object, the list, or a metav1 Status. Bodies must not be changed. */
export type StoreAnswer = {
  readonly code: number;
  readonly body: unknown;
  readonly warnings?: readonly string[];
};

/** One committed change, in order of resourceVersion. The object is in its storage version. */
export type Change = {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly resourceVersion: number;
  readonly definition: ResourceDefinition;
  readonly object: KubeObject;
  /** What stood there before; selectors need it to turn MODIFIED into ADDED or DELETED. */
  readonly previous?: KubeObject;
};

/** The time and chance that the store may use; tests and simulation bring their own. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Runs once after a delay; the answer cancels it. */
  after(ms: number, run: () => void): () => void;
}

export interface Store {
  handle(request: StoreRequest): StoreAnswer;
  /** Newest committed resourceVersion. */
  readonly resourceVersion: number;
  /** Oldest version from which `changesSince` can still tell all changes; older is 410 Gone. */
  readonly oldestVersion: number;
  changesSince(resourceVersion: number): readonly Change[] | 'gone';
  /** Called for each change right after it is committed, in order; the answer unsubscribes. */
  subscribe(listener: (change: Change) => void): () => void;
  /** The resource served at a path, with the version asked for; undefined is 404. */
  resolve(
    path: ResourcePath,
  ): { definition: ResourceDefinition; version: ResourceVersionDefinition } | undefined;
  definitions(): readonly ResourceDefinition[];
  /** The object in another served version of its kind (conversion None: apiVersion changes only). */
  inVersion(object: KubeObject, version: string): KubeObject;
  /** Everything, for a snapshot of the journal. */
  dump(): readonly KubeObject[];
}
