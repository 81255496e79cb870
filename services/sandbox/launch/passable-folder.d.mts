/** The folder itself, or the one outside of it that Postgres can reach and that it links to. */
export function passableFolder(wanted: string): string;
export function removeOutsideBelow(folder: string): void;
