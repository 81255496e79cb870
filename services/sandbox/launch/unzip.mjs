import { readFileSync } from 'node:fs';
import { inflateRawSync } from 'node:zlib';

const endOfDirectory = 0x06054b50;
const directoryEntry = 0x02014b50;

/** One file out of a zip archive (stored or deflated, below 4 GB). */
export function unzipFile(archive, name) {
  const zip = readFileSync(archive);
  const end = zip.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]));
  if (end < 0 || zip.readUInt32LE(end) !== endOfDirectory)
    throw new Error(`${archive} is no zip archive`);
  let at = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left -= 1) {
    if (zip.readUInt32LE(at) !== directoryEntry) break;
    const nameLength = zip.readUInt16LE(at + 28);
    const entry = zip.toString('utf8', at + 46, at + 46 + nameLength);
    if (entry === name) return contentOf(zip, at, `${archive}:${name}`);
    at += 46 + nameLength + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  throw new Error(`${archive} holds no ${name}`);
}

/** The directory's sizes are used: those in front of the data may be zero. */
function contentOf(zip, at, what) {
  const method = zip.readUInt16LE(at + 10);
  const size = zip.readUInt32LE(at + 24);
  const header = zip.readUInt32LE(at + 42);
  const start = header + 30 + zip.readUInt16LE(header + 26) + zip.readUInt16LE(header + 28);
  const packed = zip.subarray(start, start + zip.readUInt32LE(at + 20));
  const content = method === 0 ? packed : inflateRawSync(packed);
  if (content.length !== size) throw new Error(`${what} is damaged`);
  return content;
}
