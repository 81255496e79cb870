import type { Dispatcher } from 'undici';

/** Less than a lease lasts after its renewal: whoever was held up for longer may have been replaced. */
const mostUnsentMs = 3_000;

/**
 * Lets a write go out soon after it was asked for, or not at all. A process that stood still while its
 * connection was being made would otherwise send, when it wakes, what was right before: a member that has
 * been made and deleted since by somebody else would be made again. The caller hears "unclear".
 */
export function promptWrites(
  dispatch: Dispatcher.Dispatch,
  now: () => number = () => performance.now(),
): Dispatcher.Dispatch {
  return (options, handler) => {
    if (options.method === 'GET') return dispatch(options, handler);
    const askedAt = now();
    return dispatch(options, {
      // The last word before the first byte.
      onRequestStart: (controller, context) => {
        if (now() - askedAt > mostUnsentMs) throw new LateWriteError('not sent in time');
        handler.onRequestStart?.(controller, context);
      },
      onResponseStart: (...args) => handler.onResponseStart?.(...args),
      onResponseData: (...args) => handler.onResponseData?.(...args),
      onResponseEnd: (...args) => handler.onResponseEnd?.(...args),
      onResponseError: (...args) => handler.onResponseError?.(...args),
    });
  };
}

class LateWriteError extends Error {
  override readonly name = 'LateWrite';
}
