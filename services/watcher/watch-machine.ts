import type { Failure } from '#shared/cluster/cluster.ts';
import { assert, unreachable } from '#shared/lib/assert.ts';
import { backoffMs } from '#shared/process/backoff.ts';
import { draw } from './draw.ts';
import type {
  Phase,
  Resume,
  WatchInput,
  WatchOptions,
  WatchOutput,
  WatchState,
  Watched,
} from './watch-state.ts';

/**
 * List and watch of one kind, as a function of what happened. It waits for nothing: requests, timers and
 * facts are its outputs, answers its inputs.
 *
 *               served              last page
 *   DISCOVERING ────────▶ LISTING ────────────▶ WATCHING ─┐ closed cleanly: again at once
 *     │    ▲               ▲ ▲                   │ │ │ ▲──┘
 *     │    │               │ └── 410, unreadable,┘ │ └─ unclear, throttled: wait, watch again
 *     │    │               │     refused           │
 *     │    └───────────────┼── 404, or 6 hours ────┘    Each failure waits, longer each time, except
 *     │ not served         │ served                     the first 410. A list that fails midway goes
 *     ▼                    │                            on with its page; one whose token ran out
 *   UNSERVED ── retry ─────┘                            begins again.
 *
 * A survey is one whole list. Its bracket opens with the first page, not with the request, so that a
 * server that is away unsyncs nothing; only being refused the right to look opens one without a page.
 * List first, watch after: no event of the kind can come within a bracket.
 *
 * Each request has a number, and an answer to any but the newest is dropped: what a watch still had to
 * say after the machine has turned away from it is told by the list that follows.
 */
export type Step = readonly [WatchState, readonly WatchOutput[]];

export function startingState(options: WatchOptions, seed: number): WatchState {
  return {
    options,
    seed,
    request: 0,
    surveys: 0,
    attempts: 0,
    limit: options.pageSize,
    phase: { is: 'discovering' },
  };
}

export function step(state: WatchState, input: WatchInput): Step {
  if ('request' in input && input.request !== state.request) return [state, []];
  switch (input.type) {
    case 'started':
      return discover(state);
    case 'discovered':
      return onDiscovered(state, input.served);
    case 'page':
      return onPage(state, input);
    case 'event':
      return onEvent(state, input);
    case 'closed':
      return onClosed(state, input.lastedMs);
    case 'failed':
      return onFailed(state, input);
    case 'timer':
      return input.timer === 'retry' ? onRetry(state) : onSurveyDue(state);
    default:
      return unreachable(input);
  }
}

type Input<Type extends WatchInput['type']> = Extract<WatchInput, { type: Type }>;

function onDiscovered(state: WatchState, served: boolean): Step {
  const { phase } = state;
  if (phase.is !== 'discovering' && phase.is !== 'unserved') return [state, []];
  if (served) return list({ ...state, attempts: 0 });
  const [waiting, wait] = pause(state, { is: 'unserved' });
  if (phase.is === 'unserved') return [waiting, wait];
  const [open, began] = openSurvey(waiting);
  const [closed, surveyed] = closeSurvey(open, { resourceVersion: '0', unserved: true });
  return [closed, [...began, ...surveyed, ...wait]];
}

function onPage(state: WatchState, page: Input<'page'>): Step {
  const { phase } = state;
  if (phase.is !== 'listing') return [state, []];
  const isFirst = phase.next === undefined;
  const [open, began] = isFirst ? openSurvey(state) : [state, []];
  assert(open.open !== undefined, 'a page came outside of any survey');
  const seen = { type: 'seen', objects: page.items, survey: open.open } as const;
  const calm = { ...open, attempts: 0 };
  const { resourceVersion, next } = page;
  if (next !== undefined) {
    const [asking, request] = list(calm, { next, again: phase.again });
    return [asking, [...began, seen, ...request]];
  }
  const [closed, surveyed] = closeSurvey(calm, { resourceVersion });
  const [watching, watch] = startWatch(closed, { resourceVersion, fresh: true });
  return [watching, [...began, seen, ...surveyed, ...watch]];
}

function onEvent(state: WatchState, input: Input<'event'>): Step {
  const { phase } = state;
  if (phase.is !== 'watching') return [state, []];
  const { object, event } = input;
  const resourceVersion = object.metadata?.resourceVersion ?? phase.resourceVersion;
  if (isOlder(resourceVersion, phase.resourceVersion)) return leaveWatch(list(state));
  const watched = { is: 'watching', resourceVersion, fresh: false, silent: false } as const;
  const moved = { ...state, attempts: 0, phase: watched };
  switch (event) {
    case 'BOOKMARK':
      return [moved, []];
    case 'DELETED':
      return [moved, [{ type: 'gone', object }]];
    case 'ADDED':
    case 'MODIFIED':
      return [moved, [{ type: 'seen', objects: [object] }]];
    default:
      return unreachable(event);
  }
}

/** Versions only grow, unless the cluster was restored from a backup: then only a list tells what is. */
function isOlder(version: string, known: string): boolean {
  if (version.length !== known.length) return version.length < known.length;
  return version < known;
}

/** A server that closes at once, again and again, is in trouble, even if it does so cleanly. */
const shortMs = 1_000;

function onClosed(state: WatchState, lastedMs: number): Step {
  const { phase } = state;
  if (phase.is !== 'watching') return [state, []];
  if (isMute(phase, lastedMs)) return list(state);
  const lasted = lastedMs >= shortMs;
  if (lasted || (!phase.fresh && state.attempts === 0)) {
    return startWatch({ ...state, attempts: lasted ? 0 : 1 }, phase);
  }
  const { resourceVersion, fresh } = phase;
  return pause(state, { is: 'waiting', to: { is: 'watch', resourceVersion, fresh } });
}

/** A server sends a bookmark each minute, and one before it ends a watch. */
const muteMs = 100_000;

/**
 * On a watch from a version that is yet to come a server says nothing at all, and so hides that its
 * versions were set back.
 */
function isMute(watched: Watched, lastedMs: number): boolean {
  return watched.silent && lastedMs >= muteMs;
}

/** A connection that held this long was no failed attempt, however it ended. */
const longMs = 30_000;

function onFailed(state: WatchState, { failure, lastedMs }: Input<'failed'>): Step {
  const before = lastedMs >= longMs ? { ...state, attempts: 0 } : state;
  const [next, outputs] = turnBack(before, failure, lastedMs);
  return [next, [...outputs, { type: 'troubled', failure, attempts: before.attempts + 1 }]];
}

function turnBack(state: WatchState, failure: Failure, lastedMs: number): Step {
  const { phase } = state;
  const { retryAfterMs } = failure;
  switch (phase.is) {
    case 'waiting':
      return [state, []];
    case 'unserved':
      return pause(state, phase, retryAfterMs);
    case 'discovering':
      return pause(state, { is: 'waiting', to: { is: 'discover' } }, retryAfterMs);
    case 'listing':
      return listFailed(state, phase, failure);
    case 'watching':
      return watchFailed(state, phase, { failure, lastedMs });
    default:
      return unreachable(phase);
  }
}

function listFailed(
  state: WatchState,
  phase: Extract<Phase, { is: 'listing' }>,
  failure: Failure,
): Step {
  const anew = { is: 'waiting', to: { is: 'list', again: true } } as const;
  switch (failure.kind) {
    case 'not-found':
    case 'not-served':
      return pause(state, { is: 'waiting', to: { is: 'discover' } });
    case 'gone':
      // The continue token has run out. The first time a new list begins at once.
      return phase.again ? pause(state, anew) : list(state, { again: true });
    case 'too-large':
      return pause({ ...state, limit: Math.max(1, Math.floor(state.limit / 4)) }, anew);
    case 'forbidden':
    case 'unauthorized':
      return pauseBlind(state);
    default: {
      const { next, again } = phase;
      const to = { is: 'list', again, ...(next === undefined ? {} : { next }) } as const;
      return pause(state, { is: 'waiting', to }, failure.retryAfterMs);
    }
  }
}

function watchFailed(
  state: WatchState,
  phase: Watched,
  { failure, lastedMs }: { readonly failure: Failure; readonly lastedMs: number },
): Step {
  const { resourceVersion, fresh } = phase;
  switch (failure.kind) {
    case 'unclear':
    case 'throttled': {
      if (isMute(phase, lastedMs)) return list(state);
      const to = { is: 'watch', resourceVersion, fresh } as const;
      return pause(state, { is: 'waiting', to }, failure.retryAfterMs);
    }
    case 'not-found':
    case 'not-served':
      return pause(state, { is: 'waiting', to: { is: 'discover' } });
    case 'forbidden':
    case 'unauthorized':
      return pauseBlind(state);
    case 'gone':
      return fresh ? pause(state, { is: 'waiting', to: anew }) : list(state);
    default:
      // What came cannot be read and would come again from this version; a list passes over it.
      return pause(state, { is: 'waiting', to: anew });
  }
}

const anew: Resume = { is: 'list', again: false };

function onRetry(state: WatchState): Step {
  const { phase } = state;
  if (phase.is === 'unserved') return askDiscovery(state, phase);
  if (phase.is !== 'waiting') return [state, []];
  const { to } = phase;
  switch (to.is) {
    case 'discover':
      return discover(state);
    case 'list':
      return list(state, to);
    case 'watch':
      return startWatch(state, to);
    default:
      return unreachable(to);
  }
}

/** Discovery comes first: the kind may be served under another version by now. */
function onSurveyDue(state: WatchState): Step {
  const { phase } = state;
  const isIdle = phase.is === 'watching' || phase.is === 'unserved';
  const resumesWatch = phase.is === 'waiting' && phase.to.is === 'watch';
  if (!isIdle && !resumesWatch) return [state, []];
  const [next, outputs] = discover({ ...state, attempts: 0 });
  return phase.is === 'watching' ? leaveWatch([next, outputs]) : [next, outputs];
}

function leaveWatch([state, outputs]: Step): Step {
  return [state, [{ type: 'stop-watch' }, ...outputs]];
}

function discover(state: WatchState): Step {
  return askDiscovery(state, { is: 'discovering' });
}

function askDiscovery(state: WatchState, phase: Phase): Step {
  const request = state.request + 1;
  return [{ ...state, request, phase }, [{ type: 'discover', request }]];
}

type ListFrom = { readonly next?: string; readonly again: boolean };

function list(state: WatchState, from: ListFrom = { again: false }): Step {
  const request = state.request + 1;
  const { limit } = state;
  const { next, again } = from;
  const rest = next === undefined ? {} : { next };
  const page = next === undefined ? { limit } : { limit, continue: next };
  return [
    { ...state, request, phase: { is: 'listing', again, ...rest } },
    [{ type: 'list', request, page }],
  ];
}

/** 4 to 8 minutes, so that many watches do not end together. */
const watchSeconds = { least: 240, most: 480 } as const;
function startWatch(
  state: WatchState,
  from: { readonly resourceVersion: string; readonly fresh: boolean },
): Step {
  const request = state.request + 1;
  const { resourceVersion, fresh } = from;
  const [jitter, seed] = draw(state.seed);
  const { least, most } = watchSeconds;
  const timeoutSeconds = Math.round(least + (most - least) * jitter);
  return [
    { ...state, request, seed, phase: { is: 'watching', resourceVersion, fresh, silent: true } },
    [{ type: 'watch', request, from: { resourceVersion, timeoutSeconds } }],
  ];
}

function openSurvey(state: WatchState): Step {
  const surveys = state.surveys + 1;
  const id = `${state.options.run}.${surveys}`;
  return [{ ...state, surveys, open: id }, [{ type: 'survey-began', id }]];
}

type Close = { readonly resourceVersion: string; readonly unserved?: true };

/** Every survey that closes asks for the next one. */
function closeSurvey(state: WatchState, close: Close): Step {
  assert(state.open !== undefined, 'a survey closed that was not open');
  const [jitter, seed] = draw(state.seed);
  const forMs = Math.round(state.options.surveyEachMs * (0.9 + 0.1 * jitter));
  return [
    { ...state, seed, open: undefined },
    [
      { type: 'surveyed', id: state.open, ...close },
      { type: 'wait', timer: 'survey', forMs },
    ],
  ];
}

/** Without the right to look, the kind must not count as known: a bracket stays open until it is back. */
function pauseBlind(state: WatchState): Step {
  const [open, began] = state.open === undefined ? openSurvey(state) : [state, []];
  const [waiting, wait] = pause(open, { is: 'waiting', to: anew });
  return [waiting, [...began, ...wait]];
}

/** The server's wish counts when it asks for more patience than we have. */
function pause(state: WatchState, phase: Phase, retryAfterMs = 0): Step {
  const attempts = state.attempts + 1;
  const [random, seed] = draw(state.seed);
  const forMs = Math.max(backoffMs(state.options.backoff, attempts, random), retryAfterMs);
  // No answer of before may be taken for the one that comes after the wait.
  const request = state.request + 1;
  return [
    { ...state, seed, attempts, request, phase },
    [{ type: 'wait', timer: 'retry', forMs: Math.round(forMs) }],
  ];
}
