import { sizeSchema } from '#shared/contract/objects.ts';
import type { Condition, ReplicaSet, Selector, SetStatus } from '#shared/contract/objects.ts';
import { fieldManager } from '#shared/contract/words.ts';
import { fieldsOf, intOf, listOf, textMapOf, textOf, textsOf } from './read.ts';
import type { Fields } from './read.ts';
import { creatorOf, statusWrittenAt, writerOf } from './writers.ts';

/** The field manager of KubeVirt's controllers: the name of their program. */
const kubevirtController = 'virt-controller';

/** What pools and replica sets have in common, without metadata and template. */
export function readSetFields(
  raw: Fields,
): Omit<ReplicaSet, 'kind' | 'meta' | 'template' | 'problem'> {
  const spec = fieldsOf(raw['spec']);
  const { managedFields } = fieldsOf(raw['metadata']);
  const replicas = sizeSchema.safeParse(spec['replicas']).data;
  const minReadySeconds = intOf(spec['minReadySeconds']);
  const selector = readSelector(spec['selector']);
  const replicasBy = writerOf(managedFields, ['f:spec', 'f:replicas']);
  const createdBy = creatorOf(managedFields);
  const kubevirtWroteAt = statusWrittenAt(managedFields, kubevirtController);
  return {
    ...(replicas === undefined ? {} : { replicas }),
    paused: spec['paused'] === true,
    ...(minReadySeconds === undefined || minReadySeconds < 0 ? {} : { minReadySeconds }),
    ...(selector === undefined ? {} : { selector }),
    status: readStatus(raw['status'], isOurStatus(managedFields)),
    ...(kubevirtWroteAt === undefined ? {} : { kubevirtWroteAt }),
    ...(replicasBy === undefined ? {} : { replicasBy }),
    ...(createdBy === undefined ? {} : { createdBy }),
  };
}

/** Why a set's replicas cannot be read; absent replicas mean 1 and are no problem. */
export function replicasProblem(spec: Fields): string | undefined {
  const isSize = sizeSchema.safeParse(spec['replicas'] ?? 1).success;
  return isSize ? undefined : 'spec.replicas is not a whole number';
}

/** A LabelSelector as it stands, to be parsed by whoever uses it. */
export function readSelector(raw: unknown): Selector | undefined {
  if (raw === undefined || raw === null) return undefined;
  const { matchLabels, matchExpressions } = fieldsOf(raw);
  return {
    ...(matchLabels === undefined ? {} : { matchLabels: textMapOf(matchLabels) }),
    ...(matchExpressions === undefined
      ? {}
      : { matchExpressions: listOf(matchExpressions).map(readExpression) }),
  };
}

/** One that cannot be read is kept without its words: leaving it out would widen the selector. */
export function readExpression(raw: unknown) {
  const { key, operator, values } = fieldsOf(raw);
  return {
    key: textOf(key) ?? '',
    operator: textOf(operator) ?? '',
    ...(Array.isArray(values) ? { values: textsOf(values) } : {}),
  };
}

/** KubeVirt writes texts of API errors into conditions; ours are safe to compare and to show. */
function isOurStatus(managedFields: unknown): boolean {
  return writerOf(managedFields, ['f:status', 'f:conditions'])?.manager === fieldManager;
}

const counts = [
  'replicas',
  'readyReplicas',
  'availableReplicas',
  'updatedReplicas',
  'observedGeneration',
] as const;

function readStatus(raw: unknown, withMessages: boolean): SetStatus {
  const status = fieldsOf(raw);
  const labelSelector = textOf(status['labelSelector']);
  const currentRevision = textOf(status['currentRevision']);
  const updateRevision = textOf(status['updateRevision']);
  const { conditions } = status;
  return {
    ...Object.fromEntries(
      counts.flatMap((name) => {
        const count = intOf(status[name]);
        return count === undefined ? [] : [[name, count]];
      }),
    ),
    ...(labelSelector === undefined ? {} : { labelSelector }),
    ...(currentRevision === undefined ? {} : { currentRevision }),
    ...(updateRevision === undefined ? {} : { updateRevision }),
    ...(Array.isArray(conditions)
      ? { conditions: conditions.map((condition) => readCondition(condition, withMessages)) }
      : {}),
  };
}

function readCondition(raw: unknown, withMessage: boolean): Condition {
  const condition = fieldsOf(raw);
  const reason = textOf(condition['reason']);
  const message = withMessage ? textOf(condition['message']) : undefined;
  const lastTransitionTime = textOf(condition['lastTransitionTime']);
  return {
    type: textOf(condition['type']) ?? '',
    status: textOf(condition['status']) ?? '',
    ...(reason === undefined ? {} : { reason }),
    ...(message === undefined ? {} : { message }),
    ...(lastTransitionTime === undefined ? {} : { lastTransitionTime }),
  };
}
