/** One file out of a zip archive. */
export function unzipFile(archive: string, name: string): Buffer;
