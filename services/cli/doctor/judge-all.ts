import { heldLeases } from './held-leases.ts';
import { auditSource } from './audit-source.ts';
import { autohealing } from './autohealing.ts';
import { autoscalerPods } from './autoscaler-pods.ts';
import { disruptionBudget } from './disruption-budget.ts';
import { durableSync } from './durable-sync.ts';
import type { Check, Examination, Finding } from './examination.ts';
import { kubevirtControllers } from './kubevirt-controllers.ts';
import { leftoverDisks } from './leftover-disks.ts';
import { mode } from './mode.ts';
import { paused } from './paused.ts';
import { recorder } from './recorder.ts';
import { rights } from './rights.ts';
import { selectorLabels } from './selector-labels.ts';

const checks: readonly Check[] = [
  heldLeases,
  recorder,
  durableSync,
  mode,
  kubevirtControllers,
  paused,
  autohealing,
  selectorLabels,
  autoscalerPods,
  disruptionBudget,
  auditSource,
  rights,
  leftoverDisks,
];

export type Judged = Finding & { readonly check: string };

/** Every check on what was seen, in their order. */
export function judgeAll(seen: Examination): readonly Judged[] {
  return checks.flatMap(({ name, judge }) =>
    judge(seen).map((finding) => ({ check: name, ...finding })),
  );
}
