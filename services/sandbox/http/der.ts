/**
 * As much of ASN.1's distinguished encoding as an X.509 certificate takes. Each function returns the
 * bytes of one element: tag, length, content.
 */

const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectId: 0x06,
  utf8: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** One element; a length below 128 is one byte, a longer one is preceded by the count of its bytes. */
function element(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  return Buffer.concat([Buffer.from([tag]), lengthOf(body.length), body]);
}

function lengthOf(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const bytes = bytesOf(length);
  return Buffer.from([0x80 | bytes.length, ...bytes]);
}

function bytesOf(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return bytes;
}

export function sequence(...items: readonly Uint8Array[]): Buffer {
  return element(tags.sequence, ...items);
}

export function set(...items: readonly Uint8Array[]): Buffer {
  return element(tags.set, ...items);
}

/** A non-negative integer given big-endian; a leading zero keeps a high first bit from meaning minus. */
export function integer(bytes: Uint8Array): Buffer {
  const high = (bytes[0] ?? 0) >= 0x80;
  return element(tags.integer, high ? Buffer.from([0]) : Buffer.alloc(0), bytes);
}

export function boolean(value: boolean): Buffer {
  return element(tags.boolean, Buffer.from([value ? 0xff : 0]));
}

export function utf8(text: string): Buffer {
  return element(tags.utf8, Buffer.from(text, 'utf8'));
}

export function octetString(bytes: Uint8Array): Buffer {
  return element(tags.octetString, bytes);
}

/** The first byte of the content counts the unused bits at the end. */
export function bitString(bytes: Uint8Array, unusedBits = 0): Buffer {
  return element(tags.bitString, Buffer.from([unusedBits]), bytes);
}

/** A dotted object identifier: the first two numbers share a byte, the others are base 128. */
export function objectId(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return element(tags.objectId, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

function base128(value: number): number[] {
  const bytes = [value % 128];
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) {
    bytes.unshift(0x80 | (rest % 128));
  }
  return bytes;
}

/** X.509 writes years up to 2049 with two digits and later ones with four. */
export function time(date: Date): Buffer {
  const digits = date
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replaceAll(/[-:T]/g, '');
  const short = date.getUTCFullYear() < 2050;
  const tag = short ? tags.utcTime : tags.generalizedTime;
  return element(tag, Buffer.from(short ? digits.slice(2) : digits, 'latin1'));
}

/** A context tag around whole elements. */
export function explicit(number: number, ...content: readonly Uint8Array[]): Buffer {
  return element(0xa0 | number, ...content);
}

/** A context tag in place of a primitive element's own. */
export function implicit(number: number, content: Uint8Array): Buffer {
  return element(0x80 | number, content);
}
