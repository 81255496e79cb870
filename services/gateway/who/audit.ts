import { nameSchema, readInstant, resourceVersionSchema, uidSchema } from '#shared/contract/ids.ts';
import { kindAddresses, kinds } from '#shared/contract/kinds.ts';
import type { Kind } from '#shared/contract/kinds.ts';
import { attributedVerbs } from '#shared/contract/records.ts';
import type { Attributed } from '#shared/contract/records.ts';
import { isRecord } from '#shared/lib/canonical.ts';
import { fieldsOf, textOf } from '#shared/lib/loose.ts';
import type { Fields } from '#shared/lib/loose.ts';
import { managerOf, sizeAskedBy, sizeIn } from './asked.ts';
import type { Reading, Source, Useless } from './source.ts';

/** audit.k8s.io/v1 events, as a kube-apiserver's webhook backend posts them. */
export const auditSource: Source = { name: 'audit', read };

function read(delivery: unknown): Reading {
  const left = new Map<Useless, number>();
  const records: Attributed[] = [];
  for (const event of eventsIn(delivery)) {
    const found = isRecord(event) ? readEvent(event) : 'malformed';
    if (typeof found === 'string') left.set(found, (left.get(found) ?? 0) + 1);
    else records.push(...found);
  }
  return { records, left };
}

/** An EventList, or a single event. A delivery of another shape counts as one malformed event. */
function eventsIn(delivery: unknown): readonly unknown[] {
  if (!isRecord(delivery)) return [undefined];
  const { items } = delivery;
  if (Array.isArray(items)) return items;
  return 'auditID' in delivery ? [delivery] : [undefined];
}

function readEvent(event: Fields): readonly Attributed[] | Useless {
  const code = fieldsOf(event['responseStatus'])['code'];
  if (event['stage'] !== 'ResponseComplete') return 'not done';
  if (typeof code !== 'number' || code < 200 || code > 299) return 'not done';
  const request = requestOf(event, code);
  if (typeof request === 'string') return request;
  if (isDryRun(event, request)) return 'dry run';
  const common = commonOf(event);
  if (common === undefined) return 'malformed';
  const objects = objectsIn(event, request);
  if (objects.length === 0) return 'unjoinable';
  const { verb, subresource } = request;
  const asking = askingIn(event, request);
  return objects.map(({ replicas, deletedAt, ...object }) => ({
    ...common,
    verb,
    ...(subresource === undefined ? {} : { subresource }),
    object,
    ...(replicas === undefined ? {} : { replicas }),
    ...asking,
    ...(deletedAt === undefined ? {} : { deletedAt }),
  }));
}

/** What the request itself said: as which manager it wrote, which size it asked for, what it was bound to. */
function askingIn(event: Fields, { verb, subresource }: Request): Asking {
  const body = event['requestObject'];
  if (verb === 'delete') return boundTo(fieldsOf(fieldsOf(body)['preconditions']));
  if (verb === 'deletecollection') return {};
  const asked = sizeAskedBy(body, { verb, subresource });
  return {
    manager: managerOf(event),
    ...(asked === undefined ? {} : { asked }),
    ...(verb === 'create' ? {} : boundTo(fieldsOf(fieldsOf(body)['metadata']))),
  };
}

type Asking = Pick<Attributed, 'manager' | 'asked' | 'boundTo'>;

function boundTo({ resourceVersion }: Fields): Asking {
  const version = resourceVersionSchema.safeParse(resourceVersion);
  return version.success ? { boundTo: version.data } : {};
}

type Request = {
  readonly verb: Attributed['verb'];
  readonly kind: Kind;
  readonly subresource?: string;
};

/**
 * All writes of sets, for they tell who asked for a size; of members and disks only deletions. Status is
 * written by controllers, many times a minute, and nobody asks by whom.
 */
function requestOf(event: Fields, code: number): Request | Useless {
  const ref = fieldsOf(event['objectRef']);
  const kind = kindOf(ref['apiGroup'] ?? '', ref['resource']);
  const verb = attributedVerbs.find((known) => known === event['verb']);
  const { subresource = '' } = ref;
  if (kind === undefined || verb === undefined) return 'not ours';
  if (subresource !== '' && subresource !== 'scale') return 'not ours';
  const isSet = kind === 'VirtualMachinePool' || kind === 'VirtualMachineInstanceReplicaSet';
  if (!isSet && !isDeletion(verb)) return 'not ours';
  // A server-side apply that made the object is a patch by its verb.
  const made = verb === 'patch' && code === 201 && subresource === '';
  return {
    kind,
    verb: made ? 'create' : verb,
    ...(subresource === 'scale' ? { subresource } : {}),
  };
}

function kindOf(group: unknown, resource: unknown): Kind | undefined {
  return kinds.find((kind) => {
    const address = kindAddresses[kind];
    return address.group === group && address.plural === resource && kind !== 'ControllerRevision';
  });
}

/**
 * Whether the API server took a request for a trial. It looks where the server looks and nowhere else, or a
 * write could pass for one: options in the body of a deletion count instead of its query, and the body of
 * anything else holds no options, whatever it says.
 */
function isDryRun(event: Fields, { verb }: Request): boolean {
  const options = event['requestObject'];
  if (isDeletion(verb) && isRecord(options)) {
    const { dryRun } = options;
    return Array.isArray(dryRun) && dryRun.length > 0;
  }
  const [, query = ''] = textOf(event['requestURI']).split('?');
  return new URLSearchParams(query).has('dryRun');
}

function isDeletion(verb: Attributed['verb']): boolean {
  return verb === 'delete' || verb === 'deletecollection';
}

type Common = Omit<Attributed, 'verb' | 'subresource' | 'object' | 'replicas'>;

const most = { name: 512, agent: 200, groups: 8, id: 128 } as const;

function commonOf(event: Fields): Common | undefined {
  const prover = textOf(fieldsOf(event['user'])['username']);
  const spokenFor = fieldsOf(event['impersonatedUser']);
  const user = textOf(spokenFor['username']) || prover;
  const isImpersonated = user !== prover;
  const id = textOf(event['auditID']);
  const receivedAt = readInstant(event['requestReceivedTimestamp']);
  const answeredAt = readInstant(event['stageTimestamp']) ?? receivedAt;
  if (receivedAt === undefined || answeredAt === undefined) return undefined;
  if (id === '' || id.length > most.id) return undefined;
  // Cut names would be other people's names.
  if (user === '' || user.length > most.name || prover.length > most.name) return undefined;
  const userAgent = textOf(event['userAgent']).slice(0, most.agent).toWellFormed();
  return {
    type: 'attributed',
    source: auditSource.name,
    id,
    user,
    ...(isImpersonated ? { impersonator: prover } : {}),
    groups: groupsOf(isImpersonated ? spokenFor : fieldsOf(event['user'])),
    ...(userAgent === '' ? {} : { userAgent }),
    receivedAt,
    answeredAt,
  };
}

/** The first few; that somebody is authenticated at all says nothing. */
function groupsOf({ groups }: Fields): string[] {
  if (!Array.isArray(groups)) return [];
  return groups
    .filter((group) => typeof group === 'string')
    .filter((group) => group.length <= most.name && group !== 'system:authenticated')
    .slice(0, most.groups);
}

type Written = Attributed['object'] & Pick<Attributed, 'replicas' | 'deletedAt'>;

/** The objects that the request wrote, out of its answer: only there are uid and new version. */
function objectsIn(event: Fields, request: Request): readonly Written[] {
  const answer = fieldsOf(event['responseObject']);
  const bodies =
    request.verb === 'deletecollection' && Array.isArray(answer['items'])
      ? answer['items']
      : [answer];
  return bodies.flatMap((body: unknown) => {
    const written = objectIn(fieldsOf(body), fieldsOf(event['objectRef']), request);
    return written === undefined ? [] : [written];
  });
}

function objectIn(body: Fields, ref: Fields, request: Request): Written | undefined {
  const { kind, verb } = request;
  const meta = fieldsOf(body['metadata']);
  // What was removed at once is answered with a Status, which names it in its details.
  const details = fieldsOf(body['details']);
  const uid = uidSchema.safeParse(meta['uid'] ?? details['uid']);
  const version = resourceVersionSchema.safeParse(meta['resourceVersion']);
  const name = textOf(meta['name'] ?? details['name'] ?? ref['name']);
  const namespace = textOf(meta['namespace'] ?? ref['namespace']);
  if (!uid.success || name === '' || (!version.success && !isDeletion(verb))) return undefined;
  if (!nameSchema.safeParse(name).success || !nameSchema.safeParse(namespace).success) {
    return undefined;
  }
  const replicas = isDeletion(verb) ? undefined : sizeIn(body['spec'], request);
  const deletedAt = isDeletion(verb) ? readInstant(meta['deletionTimestamp']) : undefined;
  return {
    kind,
    namespace,
    name,
    uid: uid.data,
    ...(version.success ? { resourceVersion: version.data } : {}),
    ...(replicas === undefined ? {} : { replicas }),
    ...(deletedAt === undefined ? {} : { deletedAt }),
  };
}
