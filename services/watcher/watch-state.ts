import type { Failure, PageRequest, RawObject, WatchFrom } from '#shared/cluster/cluster.ts';
import type { Backoff } from '#shared/process/backoff.ts';

/** Where the list-and-watch of one kind stands; plain data. */
export type WatchState = {
  readonly options: WatchOptions;
  /** Feeds the jitter. */
  readonly seed: number;
  /** Number of the newest request. */
  readonly request: number;
  /** Surveys begun so far; makes their ids. */
  readonly surveys: number;
  /** Failures in a row, without progress between them. */
  readonly attempts: number;
  /** Objects to a page; less after a page was too large. */
  readonly limit: number;
  /** Id of the survey whose bracket stands open in the log. */
  readonly open?: string | undefined;
  readonly phase: Phase;
};

export type WatchOptions = {
  /** Begins the ids of surveys; differs for each run of the process. */
  readonly run: string;
  readonly pageSize: number;
  readonly surveyEachMs: number;
  readonly backoff: Backoff;
};

export type Phase =
  | { readonly is: 'discovering' }
  /** The log knows that the kind is not served. */
  | { readonly is: 'unserved' }
  /** `next` is absent for the first page. `again`: this list replaces one that ran out midway. */
  | { readonly is: 'listing'; readonly next?: string; readonly again: boolean }
  | ({ readonly is: 'watching' } & Watched)
  | { readonly is: 'waiting'; readonly to: Resume };

/** What to do when the wait is over. */
type Resume =
  | { readonly is: 'discover' }
  | { readonly is: 'list'; readonly next?: string; readonly again: boolean }
  | { readonly is: 'watch'; readonly resourceVersion: string; readonly fresh: boolean };

export type Watched = {
  readonly resourceVersion: string;
  /** Nothing has come since the survey, so another 410 at once would be a loop. */
  readonly fresh: boolean;
  /** Nothing has come on this very watch, not even a bookmark. */
  readonly silent: boolean;
};

export type WatchInput =
  | { readonly type: 'started' }
  | { readonly type: 'discovered'; readonly request: number; readonly served: boolean }
  | {
      readonly type: 'page';
      readonly request: number;
      readonly items: readonly RawObject[];
      readonly resourceVersion: string;
      readonly next?: string;
    }
  | {
      readonly type: 'event';
      readonly request: number;
      readonly event: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
      readonly object: RawObject;
    }
  | { readonly type: 'closed'; readonly request: number; readonly lastedMs: number }
  | {
      readonly type: 'failed';
      readonly request: number;
      readonly failure: Failure;
      /** How long the request had been under way. */
      readonly lastedMs: number;
    }
  | { readonly type: 'timer'; readonly timer: Timer };

/** Setting a timer replaces the one of its name. */
export type Timer = 'retry' | 'survey';

export type WatchOutput =
  | { readonly type: 'discover'; readonly request: number }
  | { readonly type: 'list'; readonly request: number; readonly page: PageRequest }
  | { readonly type: 'watch'; readonly request: number; readonly from: WatchFrom }
  | { readonly type: 'stop-watch' }
  | { readonly type: 'wait'; readonly timer: Timer; readonly forMs: number }
  | { readonly type: 'survey-began'; readonly id: string }
  | {
      readonly type: 'surveyed';
      readonly id: string;
      readonly resourceVersion: string;
      readonly unserved?: true;
    }
  | { readonly type: 'seen'; readonly objects: readonly RawObject[]; readonly survey?: string }
  | { readonly type: 'gone'; readonly object: RawObject }
  /** For the operator: why the machine turned back. */
  | { readonly type: 'troubled'; readonly failure: Failure; readonly attempts: number };
