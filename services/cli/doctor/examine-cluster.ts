import type { Answer, Cluster, RawObject } from '#shared/cluster/cluster.ts';
import type { Inspector, Resource } from '#shared/cluster/inspect.ts';
import type { ClusterSettings } from '#shared/cluster/kube-cluster.ts';
import type { Reviews } from '#shared/cluster/reviews.ts';
import type { Mode } from '#shared/contract/words.ts';
import type { DeletedVolumeRow } from '#shared/store/tables.ts';
import { sentenceFor } from '../cluster-access.ts';
import { readDisks } from '../commands/leftovers.ts';
import { CommandError } from '../failure.ts';
import { leftoversIn } from '../leftover-disks.ts';
import { readLiveSets } from '../live-sets.ts';
import { textsAt } from '../raw-fields.ts';
import type { Asked, Examination, Right } from './examination.ts';
import { wantedRights, wordsForAttempt } from './wanted-rights.ts';

export type ClusterPart = Pick<
  Examination,
  'sets' | 'kubevirts' | 'autoscalers' | 'budgets' | 'launchers' | 'leftovers' | 'rights'
>;

export type ClusterQuestion = {
  readonly kept: readonly DeletedVolumeRow[];
  /** Of sets that do not say their mode themselves. */
  readonly mode: Mode | undefined;
  /** Where the services' accounts are. */
  readonly serviceNamespace: string;
  /** The services use the kubeconfig of whoever asks. */
  readonly servicesAreYou: boolean;
};

const kubevirts = { group: 'kubevirt.io', version: 'v1', plural: 'kubevirts' };
const autoscalers = { group: 'autoscaling', version: 'v2', plural: 'horizontalpodautoscalers' };
const budgets = { group: 'policy', version: 'v1', plural: 'poddisruptionbudgets' };
const pods = { group: '', version: 'v1', plural: 'pods' };

/** Asks the cluster everything that the checks want to know of it. */
export async function examineCluster(
  settings: ClusterSettings,
  question: ClusterQuestion,
): Promise<ClusterPart> {
  const [{ openCluster }, { openInspector }, { openReviews }] = await Promise.all([
    import('#shared/cluster/kube-cluster.ts'),
    import('#shared/cluster/inspect.ts'),
    import('#shared/cluster/reviews.ts'),
  ]);
  await using cluster: Cluster = await openCluster(settings);
  await using inspector: Inspector = await openInspector(settings);
  await using reviews: Reviews = await openReviews(settings);
  const everywhere = { namespace: undefined, set: undefined };
  const launchers = await listed(inspector, pods);
  const sets = await asked(() => readLiveSets(cluster, everywhere));
  return {
    sets,
    kubevirts: await listed(inspector, kubevirts),
    autoscalers: await listed(inspector, autoscalers),
    budgets: await listed(inspector, budgets),
    launchers: launchers.ok ? { ok: true, value: launchers.value.filter(isLauncher) } : launchers,
    leftovers: await asked(async () => leftoversIn(await readDisks(cluster), question.kept)),
    rights: await askRights({ inspector, reviews }, question, isManaging(sets, question)),
  };
}

/** The part of an examination without a cluster to ask. */
export function withoutCluster(problem: string): ClusterPart {
  const none = { ok: false, problem } as const;
  return {
    sets: none,
    kubevirts: none,
    autoscalers: none,
    budgets: none,
    launchers: none,
    leftovers: none,
    rights: none,
  };
}

/** A sentence that would end another command is one check that could not be made. */
export async function asked<Value>(ask: () => Promise<Value>): Promise<Asked<Value>> {
  try {
    return { ok: true, value: await ask() };
  } catch (error) {
    if (error instanceof CommandError) return { ok: false, problem: error.message };
    throw error;
  }
}

/** A kind that is not served has no objects. */
async function listed(
  inspector: Inspector,
  resource: Resource,
): Promise<Asked<readonly RawObject[]>> {
  const answer = await inspector.list(resource);
  if (!answer.ok && answer.failure.kind === 'not-served') return { ok: true, value: [] };
  return answered(answer);
}

function answered<Value>(answer: Answer<Value>): Asked<Value> {
  return answer.ok ? answer : { ok: false, problem: sentenceFor(answer.failure) };
}

function isLauncher(pod: RawObject): boolean {
  return textsAt(pod, 'metadata', 'labels')['kubevirt.io'] === 'virt-launcher';
}

/** One set whose annotation says so is enough for the executor to need its rights. */
function isManaging(sets: ClusterPart['sets'], { mode }: ClusterQuestion): boolean {
  return mode === 'manage' || (sets.ok && sets.value.some((set) => set.mode === 'manage'));
}

async function askRights(
  { inspector, reviews }: { readonly inspector: Inspector; readonly reviews: Reviews },
  { serviceNamespace, servicesAreYou }: ClusterQuestion,
  needsWrites: boolean,
): Promise<Asked<readonly Right[]>> {
  const found: Right[] = [];
  const groups = ['system:serviceaccounts', `system:serviceaccounts:${serviceNamespace}`];
  for (const { who, attempt, needs } of wantedRights(needsWrites)) {
    const name = `system:serviceaccount:${serviceNamespace}:${who}`;
    const answer =
      who === 'you' || servicesAreYou
        ? await inspector.mayI(attempt)
        : await reviews.allows({ name, groups: [...groups, 'system:authenticated'] }, attempt);
    if (!answer.ok) return { ok: false, problem: sentenceFor(answer.failure) };
    found.push({ who, what: wordsForAttempt(attempt), needs, allowed: answer.value });
  }
  return { ok: true, value: found };
}
