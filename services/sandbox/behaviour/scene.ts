import type { Hands } from './hands.ts';
import type { Mirror } from './mirror.ts';
import type { Stages } from './stages.ts';

/** What each concern works with. */
export type Scene = {
  readonly mirror: Pick<Mirror, 'see' | 'usersOf'>;
  readonly hands: Hands;
  readonly stages: Stages;
  /** Now, in RFC 3339 with seconds, as Kubernetes writes times. */
  readonly now: () => string;
};
