/**
 * How names of a kind must look: as a DNS label of 63 characters, a subdomain of 253, or as anything
 * that can be one part of a path.
 */
export type NameRule = 'label' | 'subdomain' | 'segment';

const label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const subdomain = `${label}(\\.${label})*`;
const qualified = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';

const labelText = `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '${label}')`;
const subdomainText = `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '${subdomain}')`;
const qualifiedText = `name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '${qualified}')`;
const valueText = `a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(${qualified})?')`;

const labelPattern = new RegExp(`^${label}$`);
const qualifiedPattern = new RegExp(`^${qualified}$`);

/** What is wrong with a name, '' when nothing is. A prefix may end in `-`, for more follows. */
export function nameProblem(name: string, rule: NameRule, isPrefix: boolean): string {
  if (rule === 'segment') return segmentProblem(name, isPrefix);
  const longest = rule === 'label' ? 63 : 253;
  if (name.length > longest) return `must be no more than ${longest} characters`;
  const whole = isPrefix && name.endsWith('-') ? `${name.slice(0, -1)}a` : name;
  if (rule === 'label') return labelPattern.test(whole) ? '' : labelText;
  return isSubdomain(whole) ? '' : subdomainText;
}

function segmentProblem(name: string, isPrefix: boolean): string {
  if (!isPrefix && (name === '.' || name === '..')) return `may not be '${name}'`;
  const bad = ['/', '%'].find((character) => name.includes(character));
  return bad === undefined ? '' : `may not contain '${bad}'`;
}

/** Checks label by label: one expression over all of it would take very long on some bad names. */
function isSubdomain(name: string): boolean {
  return name.split('.').every((part) => labelPattern.test(part));
}

/** What is wrong with the key of a label or annotation, '' when nothing is. */
export function qualifiedNameProblem(key: string): string {
  const parts = key.split('/');
  const [prefix, name] = parts.length === 2 ? parts : [undefined, key];
  if (parts.length > 2 || name === undefined) {
    return `a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '${qualified}') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`;
  }
  if (prefix === '') return 'prefix part must be non-empty';
  if (prefix !== undefined && !isSubdomain(prefix)) return `prefix part ${subdomainText}`;
  if (name === '') return 'name part must be non-empty';
  if (name.length > 63) return 'name part must be no more than 63 characters';
  return qualifiedPattern.test(name) ? '' : qualifiedText;
}

export function labelValueProblem(value: string): string {
  if (value.length > 63) return 'must be no more than 63 characters';
  return value === '' || qualifiedPattern.test(value) ? '' : valueText;
}
