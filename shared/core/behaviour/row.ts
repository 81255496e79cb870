/** One thing that upstream's controllers do, or that we do in its place, and the test that shows ours. */
export type Row = {
  /** Section of what is known of upstream, and a number in it; an id keeps its meaning. */
  readonly id: string;
  readonly says: string;
  /** File of the test, from the root of the repository. */
  readonly file: string;
  /** Words of the test's name, as they stand in the file. */
  readonly test: string;
};

/** Id, what it says, file and test. */
export type Line = readonly [id: string, says: string, file: keyof typeof files, test: string];

const core = 'shared/core';

export const files = {
  admit: `${core}/admission/admit.test.ts`,
  claim: `${core}/replicaset/claim.test.ts`,
  converge: `${core}/convergence.test.ts`,
  defects: `${core}/behaviour/defects.test.ts`,
  edit: `${core}/pool/edit.test.ts`,
  autoscale: 'test/e2e/autoscale.e2e.test.ts',
  commands: 'test/e2e/seeds/commands.ts',
  functional: `${core}/behaviour/functional.test.ts`,
  guide: 'test/e2e/seeds/guide.ts',
  kubectl: 'test/integration/kubectl.test.ts',
  nodes: 'services/sandbox/behaviour/pods.test.ts',
  pools: 'test/e2e/any-cluster/pools.ts',
  sets: 'test/e2e/any-cluster/replica-sets.ts',
  free: `${core}/pool/free-retire.test.ts`,
  heal: `${core}/pool/heal.test.ts`,
  in: `${core}/pool/scale-in.test.ts`,
  lane: 'services/executor/lane.test.ts',
  members: 'test/integration/executor-member-effects.test.ts',
  effects: 'test/integration/executor-effects.test.ts',
  modes: `${core}/modes.test.ts`,
  names: `${core}/names.test.ts`,
  notices: `${core}/notices.test.ts`,
  out: `${core}/pool/scale-out.test.ts`,
  pending: `${core}/pending.test.ts`,
  preserve: `${core}/pool/preserve.test.ts`,
  refusals: `${core}/refusals.test.ts`,
  release: `${core}/pool/release.test.ts`,
  restamp: `${core}/pool/restamp.test.ts`,
  rollout: 'test/integration/executor-rollout-effects.test.ts',
  scenarios: `${core}/behaviour/scenarios.test.ts`,
  selection: `${core}/pool/selection.test.ts`,
  selector: `${core}/selector.test.ts`,
  set: `${core}/replicaset/round.test.ts`,
  stamp: `${core}/pool/stamp.test.ts`,
  status: `${core}/status.test.ts`,
  survey: `${core}/survey.test.ts`,
  trim: 'services/watcher/trim/strategies.test.ts',
  trouble: `${core}/behaviour/trouble.test.ts`,
  update: `${core}/pool/update.test.ts`,
} as const;

export function rowsOf(lines: readonly Line[]): readonly Row[] {
  return lines.map(([id, says, file, test]) => ({ id, says, file: files[file], test }));
}
