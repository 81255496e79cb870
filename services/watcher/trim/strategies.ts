import { preservations, sortPolicies } from '#shared/contract/objects.ts';
import type {
  Amount,
  Healing,
  Pool,
  ScaleIn,
  Selection,
  Update,
} from '#shared/contract/objects.ts';
import { durationOf } from './duration.ts';
import { fieldsOf, intOf, isSet, listOf, textOf } from './read.ts';
import type { Fields } from './read.ts';
import { readExpression, readSelector } from './set-fields.ts';

/** What a pool's spec says of sizing down, updating and healing, and what of it cannot be read. */
export type Strategies = {
  readonly told: Pick<Pool, 'scaleIn' | 'update' | 'maxUnavailable' | 'healing'>;
  readonly problem: string | undefined;
};

type Read<T> = { readonly told?: T; readonly problem?: string };

/** Words in the order in which the one that removes least comes first. */
const members = ['unmanaged', 'opportunistic', 'proactive'] as const;

export function readStrategies(spec: Fields): Strategies {
  const scaleIn = readScaleIn(spec['scaleInStrategy']);
  const update = readUpdate(spec['updateStrategy']);
  const maxUnavailable = readAmount(spec['maxUnavailable'], 'spec.maxUnavailable', 1);
  const healing = readHealing(spec['autohealing']);
  return {
    told: {
      ...(scaleIn.told !== undefined && { scaleIn: scaleIn.told }),
      ...(update.told !== undefined && { update: update.told }),
      ...(maxUnavailable.told !== undefined && { maxUnavailable: maxUnavailable.told }),
      ...(healing.told !== undefined && { healing: healing.told }),
    },
    problem: scaleIn.problem ?? update.problem ?? maxUnavailable.problem ?? healing.problem,
  };
}

/** Without any member it is as if it were not set: proactive, by the default order. */
function readScaleIn(raw: unknown): Read<ScaleIn> {
  const { type, problem } = memberOf(fieldsOf(raw), 'spec.scaleInStrategy');
  if (type === undefined) return { ...(problem !== undefined && { problem }) };
  const { statePreservation, selectionPolicy } = fieldsOf(fieldsOf(raw)[type]);
  const selection = readSelection(selectionPolicy);
  const told: ScaleIn = {
    type,
    ...(isSet(statePreservation) && { preservation: preservationOf(statePreservation) }),
    ...(selection !== undefined && { selection }),
  };
  return { told, ...(problem !== undefined && { problem }) };
}

/** Anything but `Disabled` keeps the disks (kubevirt pool.go, 6.6); an unknown word loses none. */
function preservationOf(raw: unknown): NonNullable<ScaleIn['preservation']> {
  return preservations.find((known) => known === raw) ?? 'Offline';
}

/** KubeVirt's three members, or the spelling of other workloads: `type` and `rollingUpdate`. */
function readUpdate(raw: unknown): Read<Update> {
  const path = 'spec.updateStrategy';
  const fields = fieldsOf(raw);
  const { type, problem } = memberOf(fields, path);
  const other = fields['type'];
  if (!isSet(other)) {
    if (isSet(fields['rollingUpdate'])) {
      return { problem: `${path}.rollingUpdate is set without ${path}.type RollingUpdate` };
    }
    if (type === undefined) return { ...(problem !== undefined && { problem }) };
    const selection = readSelection(fieldsOf(fields[type])['selectionPolicy']);
    const told: Update = { type, ...(selection !== undefined && { selection }) };
    return { told, ...(problem !== undefined && { problem }) };
  }
  if (type !== undefined) return { problem: `${path}.type and ${path}.${type} are both set` };
  if (other === 'OnDelete') return { told: { type: 'on-delete' } };
  if (other === 'RollingUpdate') return readRollingUpdate(fields['rollingUpdate']);
  return { problem: `${path}.type is neither RollingUpdate nor OnDelete` };
}

function readRollingUpdate(raw: unknown): Read<Update> {
  const path = 'spec.updateStrategy.rollingUpdate';
  const fields = fieldsOf(raw);
  const surge = readAmount(fields['maxSurge'], `${path}.maxSurge`, 0);
  const hasSurge = surge.told !== undefined && !isNone(surge.told);
  // With room for extra members none has to be missing, as for a Deployment.
  const unavailable = readAmount(
    fields['maxUnavailable'],
    `${path}.maxUnavailable`,
    hasSurge ? 0 : 1,
  );
  const problem = unavailable.problem ?? surge.problem;
  return {
    told: {
      type: 'proactive',
      ...(unavailable.told !== undefined && { maxUnavailable: unavailable.told }),
      ...(surge.told !== undefined && { maxSurge: surge.told }),
    },
    ...(problem !== undefined && { problem }),
  };
}

function isNone(amount: Amount): boolean {
  return amount === 0 || amount === '0%';
}

/** The one member that is set; of several the one that removes least, with a problem. */
function memberOf(
  strategy: Fields,
  path: string,
): { readonly type?: (typeof members)[number]; readonly problem?: string } {
  const [type, second] = members.filter((name) => isSet(strategy[name]));
  return {
    ...(type !== undefined && { type }),
    ...(second !== undefined && { problem: `${path} has more than one strategy; one must stay` }),
  };
}

function readSelection(raw: unknown): Selection | undefined {
  if (!isSet(raw)) return undefined;
  const { sortPolicy, selectors } = fieldsOf(raw);
  const { labelSelector, nodeSelectorRequirementMatcher: nodes } = fieldsOf(selectors);
  const sort = sortPolicies.find((known) => known === sortPolicy);
  const labels = readSelector(labelSelector);
  return {
    ...(sort !== undefined && { sort }),
    ...(labels !== undefined && { labels }),
    ...(isSet(nodes) && { nodes: listOf(nodes).map(readExpression) }),
  };
}

/** A whole number, or a share such as `25%`; no other text is repeated. */
function readAmount(raw: unknown, path: string, least: number): Read<Amount> {
  if (!isSet(raw)) return {};
  const number = intOf(raw);
  if (number !== undefined && number >= least) return { told: number };
  const text = textOf(raw);
  const share = text === undefined ? undefined : /^(\d{1,3})%$/.exec(text)?.[1];
  if (text !== undefined && share !== undefined && Number(share) >= least && Number(share) <= 100) {
    return { told: text };
  }
  return { problem: `${path} is neither a number from ${least} on nor a share up to 100%` };
}

/** `{}` is on, with the defaults of whoever decides. */
function readHealing(raw: unknown): Read<Healing> {
  if (!isSet(raw)) return {};
  const { startUpFailureThreshold, minFailingToStartDuration } = fieldsOf(raw);
  const failures = intOf(startUpFailureThreshold);
  const failingMs = durationOf(minFailingToStartDuration);
  const told: Healing = {
    ...(failures !== undefined && { failures }),
    ...(failingMs !== undefined && { failingMs }),
  };
  if (isSet(startUpFailureThreshold) && (failures === undefined || failures < 1)) {
    return { problem: 'spec.autohealing.startUpFailureThreshold is not a number from 1 on' };
  }
  if (isSet(minFailingToStartDuration) && failingMs === undefined) {
    return { problem: 'spec.autohealing.minFailingToStartDuration is not a duration' };
  }
  return { told };
}
