type Labels = Readonly<Record<string, string>>;

export type LabelMatch =
  | { readonly kind: 'matcher'; readonly matches: (labels: Labels) => boolean }
  /** What the server says of a selector that it cannot read. */
  | { readonly kind: 'unreadable'; readonly why: string };

type Requirement = (labels: Labels) => boolean;

/** Reads a label selector: `a=b,c!=d,e in (f,g),h notin (i),j,!k,l>1`. */
export function parseLabelSelector(text: string): LabelMatch {
  try {
    const requirements = parseAll(tokensOf(text));
    return {
      kind: 'matcher',
      matches: (labels) => requirements.every((requirement) => requirement(labels)),
    };
  } catch (error) {
    if (error instanceof SelectorError) return { kind: 'unreadable', why: error.message };
    throw error;
  }
}

class SelectorError extends Error {
  override readonly name = 'SelectorError';
}

function tokensOf(text: string): readonly string[] {
  return text.match(/[=!<>(),]+|[^\s=!<>(),]+/g)?.flatMap(splitSigns) ?? [];
}

function splitSigns(token: string): readonly string[] {
  return token.match(/==|!=|[=!<>(),]|[^=!<>(),]+/g) ?? [];
}

const signs = new Set(['=', '==', '!=', '!', '<', '>', '(', ')', ',']);
const end = '';

function parseAll(tokens: readonly string[]): readonly Requirement[] {
  const reader = { position: 0, next: () => tokens[reader.position] ?? end };
  const requirements: Requirement[] = [];
  if (tokens.length === 0) return requirements;
  for (;;) {
    requirements.push(parseOne(reader));
    const token = reader.next();
    if (token === end) return requirements;
    if (token !== ',')
      throw new SelectorError(`found '${token}', expected: ',' or 'end of string'`);
    reader.position += 1;
    const following = reader.next();
    if (following !== '!' && !isIdentifier(following)) {
      throw new SelectorError(`found '${following}', expected: identifier after ','`);
    }
  }
}

type Reader = { position: number; readonly next: () => string };

function isIdentifier(token: string): boolean {
  return token !== end && !signs.has(token);
}

function take(reader: Reader): string {
  const token = reader.next();
  reader.position += 1;
  return token;
}

function identifier(reader: Reader): string {
  const token = take(reader);
  if (isIdentifier(token)) return token;
  throw new SelectorError(`unable to parse requirement: found '${token}', expected: identifier`);
}

function parseOne(reader: Reader): Requirement {
  if (reader.next() === '!') {
    reader.position += 1;
    const absent = identifier(reader);
    return (labels) => labels[absent] === undefined;
  }
  const key = identifier(reader);
  if (reader.next() === end || reader.next() === ',') return (labels) => labels[key] !== undefined;
  const operator = take(reader);
  switch (operator) {
    case '=':
    case '==': {
      const value = exactValue(reader);
      return (labels) => labels[key] === value;
    }
    case '!=': {
      const value = exactValue(reader);
      return (labels) => labels[key] !== value;
    }
    case 'in': {
      const values = valueSet(reader);
      return (labels) => values.has(labels[key]);
    }
    case 'notin': {
      const values = valueSet(reader);
      return (labels) => !values.has(labels[key]);
    }
    case '<':
    case '>':
      return comparison(key, operator, identifier(reader));
    default:
      throw new SelectorError(
        `unable to parse requirement: found '${operator}', expected: in, notin, =, ==, !=, gt, lt`,
      );
  }
}

/** Nothing after the sign asks for an empty value. */
function exactValue(reader: Reader): string {
  const token = reader.next();
  return token === end || token === ',' ? '' : identifier(reader);
}

function valueSet(reader: Reader): ReadonlySet<string | undefined> {
  expect(reader, '(');
  const values = new Set<string | undefined>();
  for (;;) {
    const token = reader.next();
    values.add(token === ',' || token === ')' ? '' : identifier(reader));
    if (reader.next() === ')') break;
    expect(reader, ',');
  }
  reader.position += 1;
  return values;
}

function expect(reader: Reader, sign: string): void {
  const token = take(reader);
  if (token === sign) return;
  throw new SelectorError(`unable to parse requirement: found '${token}' expected: '${sign}'`);
}

function comparison(key: string, sign: '<' | '>', limit: string): Requirement {
  if (!/^-?\d+$/.test(limit)) {
    throw new SelectorError(
      `unable to parse requirement: values[0][${key}]: Invalid value: "${limit}": for 'Gt', 'Lt' operators, the value must be an integer`,
    );
  }
  return (labels) => {
    const value = labels[key] ?? '';
    if (!/^-?\d+$/.test(value)) return false;
    return sign === '<' ? Number(value) < Number(limit) : Number(value) > Number(limit);
  };
}
