import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const defaultKeyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

/**
 * Where this machine gets Debian from: the address of the source that carries the machine's own release
 * with its component `main`, and the keys it is checked with. Undefined on anything but Debian.
 */
export function debianSource(etc = '/etc') {
  const release = readIfThere(join(etc, 'os-release'));
  if (!/^ID="?debian"?$/m.test(release)) return undefined;
  const codename = /^VERSION_CODENAME="?([\w-]+)"?$/m.exec(release)?.[1];
  const suites = new Set(['stable', 'oldstable', 'testing', 'unstable', 'sid', 'trixie', codename]);
  const source = allSources(join(etc, 'apt')).find(
    ({ uri, suite, components }) =>
      suites.has(suite) && components.includes('main') && /^(https?|mirror)/.test(uri),
  );
  if (source === undefined) return undefined;
  const keyring = source.signedBy ?? (existsSync(defaultKeyring) ? defaultKeyring : undefined);
  return { uri: source.uri, signedBy: keyring };
}

function allSources(apt) {
  const parts = join(apt, 'sources.list.d');
  const names = existsSync(parts) ? readdirSync(parts).sort() : [];
  const lists = names.filter((name) => name.endsWith('.list')).map((name) => join(parts, name));
  const stanzas = names
    .filter((name) => name.endsWith('.sources'))
    .map((name) => join(parts, name));
  return [
    ...[join(apt, 'sources.list'), ...lists].flatMap((file) => oneLineSources(readIfThere(file))),
    ...stanzas.flatMap((file) => stanzaSources(readIfThere(file))),
  ];
}

/** `deb [options] address suite component…` */
export function oneLineSources(text) {
  return text.split('\n').flatMap((line) => {
    const match = /^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+([^#]*)/.exec(line);
    if (match === null) return [];
    const [, options = '', uri, suite, components] = match;
    const signedBy = keyFile(/signed-by=(\S+)/i.exec(options)?.[1]);
    return [{ uri, suite, components: words(components), signedBy }];
  });
}

/** Paragraphs of `Field: value`, as in `*.sources`. */
export function stanzaSources(text) {
  return text.split(/\n\s*\n/).flatMap((stanza) => {
    const plain = stanza.replace(/^#.*\n?/gm, '');
    const field = (name) =>
      new RegExp(`^${name}:((?:.*)(?:\\n[ \\t].*)*)`, 'im').exec(plain)?.[1]?.trim() ?? '';
    if (!words(field('Types')).includes('deb') || /^no$/i.test(field('Enabled'))) return [];
    const components = words(field('Components'));
    const signedBy = keyFile(field('Signed-By'));
    return words(field('URIs')).flatMap((uri) =>
      words(field('Suites')).map((suite) => ({ uri, suite, components, signedBy })),
    );
  });
}

/** A key may also be written out in place; then the machine's keyring of Debian serves. */
function keyFile(value) {
  return value !== undefined && /^\/\S+$/.test(value) ? value : undefined;
}

function words(text) {
  return text.split(/\s+/).filter((word) => word !== '');
}

function readIfThere(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // A source that this user may not read cannot serve.
  }
}
