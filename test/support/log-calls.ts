/** One call of a logger in a source text, by its arguments as they are written. */
export type LogCall = { readonly line: number; readonly parts: readonly string[] };

const opening =
  /\b(?:log|logger)(?:\.(?:trace|debug|info|warn|error|fatal)|\[[^\]\n]*(?:'[^'\n]*'[^\]\n]*)*\])\(/g;

export function logCallsIn(text: string): readonly LogCall[] {
  return [...text.matchAll(opening)].map(({ 0: found, index }) => ({
    line: text.slice(0, index).split('\n').length,
    parts: argumentsFrom(text, index + found.length),
  }));
}

/** What stands between the commas, up to the parenthesis that closes the call. */
function argumentsFrom(text: string, start: number): readonly string[] {
  const parts: string[] = [];
  let [depth, from, quote] = [0, start, ''];
  for (let place = start; place < text.length; place += 1) {
    const sign = text[place] ?? '';
    if (quote !== '') {
      if (sign === '\\') place += 1;
      else if (sign === quote) quote = '';
    } else if ('\'"`'.includes(sign)) quote = sign;
    else if ('([{'.includes(sign)) depth += 1;
    else if (')]}'.includes(sign) && depth > 0) depth -= 1;
    else if (sign === ')') {
      parts.push(text.slice(from, place).trim());
      break;
    } else if (sign === ',' && depth === 0) {
      parts.push(text.slice(from, place).trim());
      from = place + 1;
    }
  }
  return parts.filter((part) => part !== '');
}

/** Why a call does not keep to the rule; undefined when it says constant words, with values as fields. */
export function faultOf({ parts }: LogCall): string | undefined {
  const [first = '', second, ...rest] = parts;
  const words = second ?? first;
  if (rest.length > 0) return 'more than fields and a message';
  if (!/^'(?:[^'\\]|\\.)*'$/.test(words)) return 'a message that is not constant';
  if (/%[sdifjoO]/.test(words)) return 'a message with a placeholder';
  return undefined;
}
