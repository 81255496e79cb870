import type { Clock, KubeObject } from '../store/types.ts';

/** How long an object has been at a stage of its life; not kept over a restart, where stages begin anew. */
export interface Stages {
  /** Milliseconds that the object must stay on at this stage; 0 when its time has come. */
  left(object: KubeObject, stage: string, ms: number): number;
  forget(uid: string): void;
}

export function createStages(clock: Clock): Stages {
  const began = new Map<string, { readonly stage: string; readonly at: number }>();
  return {
    left: ({ metadata: { uid } }, stage, ms) => {
      const known = began.get(uid);
      const at = known?.stage === stage ? known.at : clock.now();
      began.set(uid, { stage, at });
      return Math.max(0, at + ms - clock.now());
    },
    forget: (uid) => void began.delete(uid),
  };
}
