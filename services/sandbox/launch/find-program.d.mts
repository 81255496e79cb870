/** Every place on PATH that holds a program of that name, in order. */
export function onPath(name: string, path?: string): readonly string[];
export function isProgram(file: string): boolean;
