import { assert, unreachable } from '#shared/lib/assert.ts';
import {
  askDiscovery,
  closeSurvey,
  discover,
  leaveWatch,
  list,
  openSurvey,
  pause,
  startWatch,
} from './watch-moves.ts';
import type { Step } from './watch-moves.ts';
import type { WatchInput, WatchOptions, WatchState } from './watch-state.ts';
import { isMute, turnBack } from './watch-trouble.ts';

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

/** A connection that held this long was no failed attempt, however it ended. */
const longMs = 30_000;

function onFailed(state: WatchState, { failure, lastedMs }: Input<'failed'>): Step {
  const before = lastedMs >= longMs ? { ...state, attempts: 0 } : state;
  const [next, outputs] = turnBack(before, failure, lastedMs);
  return [next, [...outputs, { type: 'troubled', failure, attempts: before.attempts + 1 }]];
}

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
