import { say } from './say.mjs';

/** npm passes Ctrl-C on although the terminal has sent it to us already; that is no second wish. */
const sameWishMs = 1_000;

/** Stops a fleet in order at the first signal; a later second one ends it at once. */
export function stopOnSignals(fleet) {
  let askedAt;
  const done = Promise.withResolvers?.() ?? withResolvers();
  const stop = () => {
    if (askedAt !== undefined) {
      if (Date.now() - askedAt > sameWishMs) fleet.kill();
      return;
    }
    askedAt = Date.now();
    say('\nstopping');
    fleet.stop().then(() => {
      say('stopped; the data are kept');
      done.resolve();
    }, done.reject);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, stop);
  // A lock and signal handlers do not keep a process alive; this does, until all has stopped.
  const alive = setInterval(() => {}, 60_000);
  const ended = done.promise.finally(() => clearInterval(alive));
  return {
    done: ended,
    get asked() {
      return askedAt !== undefined;
    },
  };
}

/** Promise.withResolvers is younger than Node 20. */
function withResolvers() {
  const parts = {};
  parts.promise = new Promise((resolve, reject) => Object.assign(parts, { resolve, reject }));
  return parts;
}
