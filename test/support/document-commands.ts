/** One command of a document as it is printed there, without the remark behind it. */
export type DocumentCommand = { readonly section: string; readonly line: string };

/** The commands of all `sh` blocks in order; a loop is one command. */
export function commandsIn(document: string): readonly DocumentCommand[] {
  let section = '';
  let block: string[] | undefined;
  const found: DocumentCommand[] = [];
  for (const line of document.split('\n')) {
    if (block !== undefined) {
      if (line.trim() === '```') {
        for (const command of joined(block)) found.push({ section, line: command });
        block = undefined;
      } else block.push(line);
    } else if (line.trim() === '```sh') block = [];
    else section = /^#+ +(.+)$/.exec(line)?.[1] ?? section;
  }
  return found;
}

/** Lines between `for` and `done` belong together. */
function joined(lines: readonly string[]): readonly string[] {
  const commands: string[] = [];
  let loop: string[] = [];
  for (const line of lines.map(withoutRemark).filter(Boolean)) {
    if (loop.length > 0 || line.startsWith('for ')) loop.push(line);
    else commands.push(line);
    if (line !== 'done') continue;
    commands.push(loop.join('\n'));
    loop = [];
  }
  return [...commands, ...loop];
}

function withoutRemark(line: string): string {
  return line.replace(/(^|\s+)# .*$/, '').trim();
}

/** What stands between single backticks in running text and begins with one of the programs. */
export function inlineCommandsIn(document: string, programs: readonly string[]): readonly string[] {
  const spans = [...withoutBlocks(document).matchAll(/`([^`]+)`/g)].map(([, span = '']) =>
    span.replace(/\s+/g, ' '),
  );
  const commands = spans.filter((span) => programs.some((name) => span.startsWith(`${name} `)));
  return [...new Set(commands)];
}

/** The targets of a document's links, as they are written. */
export function linksIn(document: string): readonly string[] {
  return [...withoutBlocks(document).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
}

/** The anchors of its headings, as GitHub makes them. */
export function anchorsIn(document: string): ReadonlySet<string> {
  const headings = [...withoutBlocks(document).matchAll(/^#+ +(.+)$/gm)];
  return new Set(
    headings.map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

function withoutBlocks(document: string): string {
  return document.replace(/^ *```[^]*?^ *```$/gm, '');
}
