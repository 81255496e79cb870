import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** The text of a file from a place on; '' when there is none. */
export function readFrom(file, start) {
  let handle;
  try {
    handle = openSync(file, 'r');
    const bytes = Buffer.alloc(Math.max(0, fstatSync(handle).size - start));
    const length = readSync(handle, bytes, 0, bytes.length, start);
    return bytes.toString('utf8', 0, length);
  } catch {
    return '';
  } finally {
    if (handle !== undefined) closeSync(handle);
  }
}
