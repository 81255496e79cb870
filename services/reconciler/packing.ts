import { gunzipSync, gzipSync } from 'node:zlib';
import { isRecord } from '#shared/lib/canonical.ts';

/** What can be packed: plain data, of which one list may be long. */
export type Packable = { readonly objects: readonly unknown[] };

/** One line of the body holds so many objects: some milliseconds of work. */
const objectsPerLine = 200;
const cheap = { level: 1 } as const;

/**
 * Lines of JSON, each compressed by itself, so that a large view is written down in small steps and the
 * process goes on deciding between them. `pause` resolves when it is our turn again.
 */
export async function pack(
  { objects, ...rest }: Packable,
  pause: () => Promise<void>,
): Promise<Uint8Array> {
  const lines = [packLine(rest)];
  for (let at = 0; at < objects.length; at += objectsPerLine) {
    await pause();
    lines.push(packLine(objects.slice(at, at + objectsPerLine)));
  }
  return Buffer.concat(lines);
}

/** Undefined for what was not packed here, or not whole. */
export function unpack(body: Uint8Array): unknown {
  try {
    const lines = gunzipSync(body).toString('utf8').trimEnd().split('\n');
    const [rest, ...objects]: readonly unknown[] = lines.map((line) => JSON.parse(line));
    return isRecord(rest) ? { ...rest, objects: objects.flat() } : undefined;
  } catch {
    return undefined;
  }
}

function packLine(value: unknown): Buffer {
  return gzipSync(`${JSON.stringify(value)}\n`, cheap);
}
