import { readSelection } from '../pool/selection.ts';
import { at, isSet, listOf, wordOf } from './read.ts';
import type { Fields } from './read.ts';
import { readSelector } from './selector-fields.ts';

const policies = [
  'scaleInStrategy.proactive.selectionPolicy',
  'updateStrategy.proactive.selectionPolicy',
] as const;

/**
 * Selectors of a policy that cannot be used, so that no machine is ever taken. KubeVirt lets them in and
 * fails at each pass (kubevirt pool.go, filterVMs), so this is told and not refused.
 */
export function policyWarnings(spec: Fields): readonly string[] {
  return policies.flatMap((path) => {
    const selectors = at(spec, ...path.split('.'), 'selectors');
    if (!isSet(selectors)) return [];
    const labels = readSelector(at(selectors, 'labelSelector'));
    const nodes = listOf(at(selectors, 'nodeSelectorRequirementMatcher')).map((node) => ({
      key: wordOf(at(node, 'key')) ?? '',
      operator: wordOf(at(node, 'operator')) ?? '',
      values: listOf(at(node, 'values')).map(String),
    }));
    const read = readSelection({ ...(labels && { labels }), nodes });
    return typeof read === 'function'
      ? []
      : [`spec.${path}.selectors takes no machine: ${read.problem}`];
  });
}
