import type { Failure } from '#shared/cluster/cluster.ts';
import { unreachable } from '#shared/lib/assert.ts';
import { list, openSurvey, pause } from './watch-moves.ts';
import type { Step } from './watch-moves.ts';
import type { Phase, WatchState, Watched } from './watch-state.ts';

/** Where the machine of a watch goes from a failure. */
export function turnBack(state: WatchState, failure: Failure, lastedMs: number): Step {
  const { phase } = state;
  const { retryAfterMs } = failure;
  switch (phase.is) {
    case 'waiting':
      return [state, []];
    case 'unserved':
      return pause(state, phase, retryAfterMs);
    case 'discovering':
      return pause(state, rediscover, retryAfterMs);
    case 'listing':
      return listFailed(state, phase, failure);
    case 'watching':
      return watchFailed(state, phase, { failure, lastedMs });
    default:
      return unreachable(phase);
  }
}

/** A list of its own, not the second try of one that ran out midway. */
const anew = { is: 'waiting', to: { is: 'list', again: false } } as const;
/** A list for one that ran out midway; should it run out too, that is waited for. */
const again = { is: 'waiting', to: { is: 'list', again: true } } as const;
const rediscover = { is: 'waiting', to: { is: 'discover' } } as const;

function listFailed(
  state: WatchState,
  phase: Extract<Phase, { is: 'listing' }>,
  failure: Failure,
): Step {
  switch (failure.kind) {
    case 'not-found':
    case 'not-served':
      return pause(state, rediscover);
    case 'gone':
      // The continue token has run out. The first time a new list begins at once.
      return phase.again ? pause(state, again) : list(state, { again: true });
    case 'too-large':
      return pause({ ...state, limit: Math.max(1, Math.floor(state.limit / 4)) }, again);
    case 'forbidden':
    case 'unauthorized':
      return pauseBlind(state);
    default: {
      const { next } = phase;
      const rest = next === undefined ? {} : { next };
      const to = { is: 'list', again: phase.again, ...rest } as const;
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
      if (failure.code === 500 && state.attempts >= mostRepeats) return pause(state, anew);
      const to = { is: 'watch', resourceVersion, fresh } as const;
      return pause(state, { is: 'waiting', to }, failure.retryAfterMs);
    }
    case 'not-found':
    case 'not-served':
      return pause(state, rediscover);
    case 'forbidden':
    case 'unauthorized':
      return pauseBlind(state);
    case 'gone':
      return fresh ? pause(state, anew) : list(state);
    default:
      // What came cannot be read and would come again from this version; a list passes over it.
      return pause(state, anew);
  }
}

/** Without the right to look, the kind must not count as known: a bracket stays open until it is back. */
function pauseBlind(state: WatchState): Step {
  const [open, began] = state.open === undefined ? openSurvey(state) : [state, []];
  const [waiting, wait] = pause(open, anew);
  return [waiting, [...began, ...wait]];
}

/** A server that answers 500 to one version so often cannot go on from it; a list passes over what it is. */
const mostRepeats = 5;

/** A server sends a bookmark each minute, and one before it ends a watch. */
const muteMs = 100_000;

/**
 * On a watch from a version that is yet to come a server says nothing at all, and so hides that its
 * versions were set back.
 */
export function isMute(watched: Watched, lastedMs: number): boolean {
  return watched.silent && lastedMs >= muteMs;
}
