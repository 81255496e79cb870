import { canonicalJson } from '#shared/lib/canonical.ts';
import { comesBack } from '../pool/run-strategy.ts';
import { poolTemplateField } from './pool-causes.ts';
import { at, fieldsOf, isSet, wordOf } from './read.ts';
import type { Fields } from './read.ts';

/**
 * Told with a template whose machines no roll-out restarts, because they would stay down: whoever asks for
 * a proactive update waits in vain otherwise. Not told again with a write that leaves the template alone.
 */
export function restartWarnings(spec: Fields, oldSpec: Fields | undefined): readonly string[] {
  const strategy = wordOf(at(templateOf(spec), 'spec', 'runStrategy'));
  if (comesBack(strategy) || strategy === 'Halted' || !isProactive(spec)) return [];
  const isKnown =
    oldSpec !== undefined &&
    isProactive(oldSpec) &&
    canonicalJson(templateOf(spec)) === canonicalJson(templateOf(oldSpec));
  if (isKnown) return [];
  return [
    `no roll-out restarts machines of runStrategy ${strategy}, for KubeVirt would not start them again: each has a new template from its next start on`,
  ];
}

function templateOf(spec: Fields): unknown {
  return fieldsOf(spec[poolTemplateField(spec).slice('spec.'.length)]);
}

/** KubeVirt's default as well. */
function isProactive({ updateStrategy }: Fields): boolean {
  const { opportunistic, unmanaged, type } = fieldsOf(updateStrategy);
  return !isSet(opportunistic) && !isSet(unmanaged) && type !== 'OnDelete';
}
