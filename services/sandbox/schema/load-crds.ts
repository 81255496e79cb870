import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';

import { compareText } from '#shared/lib/order.ts';

/** Every object in the YAML files of a folder, by file name; throws on a file that does not parse. */
export function loadCrds(folder: string): readonly unknown[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .toSorted(compareText)
    .flatMap((name) => objectsIn(join(folder, name)));
}

function objectsIn(file: string): readonly unknown[] {
  const parsed = parseAllDocuments(readFileSync(file, 'utf8'));
  const documents = Array.isArray(parsed) ? parsed : [];
  return documents.flatMap((document): readonly unknown[] => {
    const [error] = document.errors;
    if (error !== undefined) throw new Error(`reading ${file}`, { cause: error });
    const object: unknown = document.toJS();
    return object === null ? [] : [object];
  });
}
