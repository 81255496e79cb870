import { assert } from '#shared/lib/assert.ts';
import { backoffMs } from '#shared/process/backoff.ts';
import { draw } from './draw.ts';
import type { Phase, WatchOutput, WatchState } from './watch-state.ts';

/* What the machine of a watch may do: each move is the state after it, with what is to be asked for. */

export type Step = readonly [WatchState, readonly WatchOutput[]];

export function leaveWatch([state, outputs]: Step): Step {
  return [state, [{ type: 'stop-watch' }, ...outputs]];
}

export function discover(state: WatchState): Step {
  return askDiscovery(state, { is: 'discovering' });
}

export function askDiscovery(state: WatchState, phase: Phase): Step {
  const request = state.request + 1;
  return [{ ...state, request, phase }, [{ type: 'discover', request }]];
}

type ListFrom = { readonly next?: string; readonly again: boolean };

export function list(state: WatchState, from: ListFrom = { again: false }): Step {
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

export function startWatch(
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

export function openSurvey(state: WatchState): Step {
  const surveys = state.surveys + 1;
  const id = `${state.options.run}.${surveys}`;
  return [{ ...state, surveys, open: id }, [{ type: 'survey-began', id }]];
}

type Close = { readonly resourceVersion: string; readonly unserved?: true };

/** Every survey that closes asks for the next one. */
export function closeSurvey(state: WatchState, close: Close): Step {
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

/** The server's wish counts when it asks for more patience than we have. */
export function pause(state: WatchState, phase: Phase, retryAfterMs = 0): Step {
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
