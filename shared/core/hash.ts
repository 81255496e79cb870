/**
 * A 53-bit hash of a text, from two multiplied lanes of 32 bits: the same on every machine, spread well
 * enough for names, and no protection against anybody.
 */
export function hashOf(text: string): number {
  let low = 0x9e3779b1;
  let high = 0x85ebca6b;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    low = Math.imul(low ^ unit, 0xcc9e2d51);
    high = Math.imul(high ^ unit, 0x1b873593);
  }
  low = mixed(low ^ (high >>> 15));
  high = mixed(high ^ (low >>> 13));
  return (high & 0x1fffff) * 0x100000000 + (low >>> 0);
}

/** Lets every bit of a lane reach every other. */
function mixed(lane: number): number {
  let bits = Math.imul(lane ^ (lane >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return bits ^ (bits >>> 16);
}
