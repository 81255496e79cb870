import { vi } from 'vitest';

/** Waits for what comes. The limit is that of a test, and only for what never comes. */
export function comes<Value>(look: () => Value | Promise<Value>) {
  return vi.waitUntil(look, { interval: 5, timeout: 4_000 });
}
