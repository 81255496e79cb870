const mostLength = 300;

/** Of the log of Postgres, of nats-server, and of Node when a program cannot even be loaded. */
const plainFailure = /(?:FATAL|PANIC):\s+(.+)|\[FTL\] (.+)|\b\w*Error(?: \[\w+\])?: (.+)/;

/**
 * What a program last said about why it ended, out of the text of its log; undefined when it said
 * nothing. Services log JSON lines, and say on stderr what a person must mend.
 */
export function failureWords(log) {
  const lines = log.split('\n').map((line) => line.trim());
  const said = lines.filter((line) => line !== '').reverse();
  const words =
    firstOf(said, wordsOfEntry) ??
    firstOf(said, wordsOfLine) ??
    said.find((line) => !line.startsWith('{') && !line.startsWith('Node.js v'));
  return words === undefined || words.length <= mostLength
    ? words
    : `${words.slice(0, mostLength)}…`;
}

/** A line that a service logged as an error: its problem or cause says more than its message. */
function wordsOfEntry(line) {
  const entry = entryIn(line);
  if (entry === undefined || !(entry.level >= 50)) return undefined;
  const [cause] = String(entry.problem ?? entry.err?.message ?? '').split('\n');
  return cause === '' ? entry.msg : cause;
}

function entryIn(line) {
  try {
    return line.startsWith('{') ? JSON.parse(line) : undefined;
  } catch {
    return undefined; // Cut off when the program was killed.
  }
}

function wordsOfLine(line) {
  if (line.startsWith('{')) return undefined;
  return plainFailure
    .exec(line)
    ?.slice(1)
    .find((group) => group !== undefined);
}

function firstOf(lines, words) {
  for (const line of lines) {
    const found = words(line);
    if (found !== undefined) return found;
  }
  return undefined;
}
