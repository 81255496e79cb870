import { isRecord } from '#shared/lib/canonical.ts';
import { isSame, mergeValue, withoutNulls, type Body } from './three-way.ts';

/**
 * A member's VM brought from one stamp to another. `old` is the stamp that it was made from; without it
 * nothing is taken away. Both stamps carry the same name, owner and effect, so that none of those differ.
 */
export type Restamp = {
  readonly old: Body | undefined;
  readonly next: Body;
  readonly live: Body;
};

/**
 * The live VM with what differs between the two stamps, and nothing else: labels and annotations of
 * others, volumes that were plugged in, and edits of this one VM stay where the template says nothing new.
 * KubeVirt replaces all three parts (pool.go, handleUpdates) and keeps the firmware's identity alone.
 */
export function restampVm({ old, next, live }: Restamp): Body {
  const [liveMetadata, liveSpec] = [recordIn(live, 'metadata'), recordIn(live, 'spec')];
  const metadata = (field: string): unknown =>
    mergeValue({
      old: old === undefined ? undefined : withoutNulls(recordIn(recordIn(old, 'metadata'), field)),
      next: withoutNulls(recordIn(recordIn(next, 'metadata'), field)),
      live: recordIn(liveMetadata, field),
      isOldKnown: old !== undefined,
      place: field,
    });
  const spec = mergeValue({
    old: old === undefined ? undefined : withoutNulls(recordIn(old, 'spec')),
    next: withoutNulls(recordIn(next, 'spec')),
    live: liveSpec,
    isOldKnown: old !== undefined,
    place: 'spec',
  });
  return {
    ...live,
    metadata: {
      ...liveMetadata,
      ...filled(liveMetadata, 'labels', metadata('labels')),
      ...filled(liveMetadata, 'annotations', metadata('annotations')),
    },
    spec: withIdentity(isRecord(spec) ? spec : {}, liveSpec),
  };
}

/**
 * What to send so that one object becomes the other, as a JSON merge patch (RFC 7396): null takes a field
 * away, a list is sent whole. Undefined when they are the same.
 */
export function mergePatchOf(from: Body, to: Body): Body | undefined {
  const changes: [string, unknown][] = [];
  for (const field of new Set([...Object.keys(from), ...Object.keys(to)])) {
    const [before, after] = [from[field], to[field]];
    if (after === undefined) {
      if (before !== undefined) changes.push([field, null]);
    } else if (isRecord(before) && isRecord(after)) {
      const inner = mergePatchOf(before, after);
      if (inner !== undefined) changes.push([field, inner]);
    } else if (!isSame(before, after)) {
      changes.push([field, after]);
    }
  }
  return changes.length === 0 ? undefined : Object.fromEntries(changes);
}

/** A map that is empty and was not there before is not made. */
function filled(live: Body, field: string, value: unknown): Body {
  const isEmpty = !isRecord(value) || Object.keys(value).length === 0;
  return isEmpty && live[field] === undefined ? {} : { [field]: value };
}

/** UUID and serial that a machine has been booted with stay, whatever a template says. */
function withIdentity(spec: Body, live: Body): Body {
  const known = recordIn(domainIn(live), 'firmware');
  const identity = Object.fromEntries(
    ['uuid', 'serial'].flatMap((field) =>
      known[field] === undefined ? [] : [[field, known[field]]],
    ),
  );
  if (Object.keys(identity).length === 0) return spec;
  const template = recordIn(spec, 'template');
  const vmi = recordIn(template, 'spec');
  const domain = recordIn(vmi, 'domain');
  const firmware = { ...recordIn(domain, 'firmware'), ...identity };
  return {
    ...spec,
    template: { ...template, spec: { ...vmi, domain: { ...domain, firmware } } },
  };
}

function domainIn(vmSpec: Body): Body {
  return recordIn(recordIn(recordIn(vmSpec, 'template'), 'spec'), 'domain');
}

function recordIn(body: Body, field: string): Body {
  const inner = body[field];
  return isRecord(inner) ? inner : {};
}
