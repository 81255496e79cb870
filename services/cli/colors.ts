import picocolors from 'picocolors';

export type Colors = ReturnType<typeof picocolors.createColors>;

export type Look = { readonly now: Date; readonly colors: Colors };

/** Colours for people only: never into a file or a pipe. NO_COLOR is heeded. */
export function colorsFor(isTerminal: boolean): Colors {
  return picocolors.createColors(isTerminal && picocolors.isColorSupported);
}
