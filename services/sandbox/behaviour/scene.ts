import type { Hands } from './hands.ts';
import type { Mirror } from './mirror.ts';
import type { Stages } from './stages.ts';

/** What each concern works with. */
export type Scene = {
  readonly mirror: Pick<Mirror, 'see' | 'usersOf' | 'all'>;
  readonly hands: Hands;
  readonly stages: Stages;
  /** Whether instances have launcher pods that run on nodes. */
  readonly pods: boolean;
  /** Now, in RFC 3339 with seconds, as Kubernetes writes times. */
  readonly now: () => string;
};
