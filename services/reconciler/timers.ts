/** The timers of a reconciler; simulation has its own. */
export type Timers = {
  /** Runs once after a time; the answer cancels it. */
  after(ms: number, run: () => void): () => void;
  /** Runs after everything that has already arrived. */
  soon(run: () => void): void;
};

export const systemTimers: Timers = {
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
  soon: (run) => void setImmediate(run),
};
