import { amountCauses, isNone } from './amount-rule.ts';
import { invalid, unsupported } from './cause.ts';
import type { Cause } from './cause.ts';
import { at, fieldsOf, isSet } from './read.ts';
import type { Fields } from './read.ts';

/** In the order in which several are told. */
const members = ['opportunistic', 'proactive', 'unmanaged'] as const;

/** spec.scaleInStrategy, spec.updateStrategy, spec.maxUnavailable and spec.autohealing of a pool. */
export function strategyCauses(spec: Fields): readonly Cause[] {
  const { scaleInStrategy, updateStrategy, maxUnavailable, autohealing } = spec;
  return [
    ...amountCauses(maxUnavailable, { field: 'spec.maxUnavailable', least: 1 }),
    ...updateCauses(fieldsOf(updateStrategy)),
    ...oneMember(fieldsOf(scaleInStrategy), 'spec.scaleInStrategy'),
    ...healingCauses(autohealing),
  ];
}

/** Source: kubevirt vmpool-admitter.go, validateUpdateStrategy and validateScaleInStrategy. */
function oneMember(strategy: Fields, field: string): readonly Cause[] {
  const found = members.filter((name) => isSet(strategy[name]));
  if (found.length <= 1) return [];
  return [invalid(field, `only one strategy may be set, found ${found.join(', ')}`)];
}

/** Besides KubeVirt's members the spelling of other workloads: `type` and `rollingUpdate`. */
function updateCauses(strategy: Fields): readonly Cause[] {
  const field = 'spec.updateStrategy';
  const { type, rollingUpdate } = strategy;
  const causes = [...oneMember(strategy, field)];
  const member = members.find((name) => isSet(strategy[name]));
  if (isSet(type) && member !== undefined) {
    causes.push(invalid(field, `type and ${member} are both set; one must go`));
  }
  if (isSet(type) && type !== 'RollingUpdate' && type !== 'OnDelete') {
    causes.push(unsupported(`${field}.type`, 'must be RollingUpdate or OnDelete'));
  }
  if (!isSet(rollingUpdate)) return causes;
  if (type !== 'RollingUpdate') {
    causes.push(invalid(`${field}.rollingUpdate`, 'may be set only with type RollingUpdate'));
  }
  return [...causes, ...rollingCauses(rollingUpdate, `${field}.rollingUpdate`)];
}

/** With room for extra members none has to be missing, as for a Deployment. */
function rollingCauses(rollingUpdate: unknown, field: string): readonly Cause[] {
  const { maxUnavailable, maxSurge } = fieldsOf(rollingUpdate);
  const surges = amountCauses(maxSurge, { field: `${field}.maxSurge`, least: 0 });
  const missing = { field: `${field}.maxUnavailable`, least: 0 } as const;
  if (surges.length > 0 || !isNone(maxSurge) || !isSet(maxUnavailable) || !isNone(maxUnavailable)) {
    return [...amountCauses(maxUnavailable, missing), ...surges];
  }
  return [invalid(missing.field, 'must not be 0 while maxSurge is 0')];
}

const duration = /^\+?(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$|^0$/;

function healingCauses(healing: unknown): readonly Cause[] {
  const threshold = at(healing, 'startUpFailureThreshold');
  const lasting = at(healing, 'minFailingToStartDuration');
  return [
    ...(isSet(threshold) && !(typeof threshold === 'number' && threshold >= 1)
      ? [invalid('spec.autohealing.startUpFailureThreshold', 'must be a number from 1 on')]
      : []),
    ...(isSet(lasting) && !(typeof lasting === 'string' && duration.test(lasting))
      ? [
          invalid(
            'spec.autohealing.minFailingToStartDuration',
            'must be a duration such as 5m or 1h30m',
          ),
        ]
      : []),
  ];
}
