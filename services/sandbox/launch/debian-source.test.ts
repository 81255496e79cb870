import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { debianSource, oneLineSources, stanzaSources } from './debian-source.mjs';

describe('the address of the Debian archive', () => {
  const folders: string[] = [];

  afterEach(() => {
    folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true }));
  });

  function etc(files: Readonly<Record<string, string>>): string {
    const folder = mkdtempSync(join(tmpdir(), 'rollcall-etc-'));
    folders.push(folder);
    mkdirSync(join(folder, 'apt', 'sources.list.d'), { recursive: true });
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    return folder;
  }

  const debian = 'ID=debian\nVERSION_CODENAME=bookworm\n';

  test('is that of the source with the machine’s own release, not of its neighbours', () => {
    const folder = etc({
      'os-release': debian,
      'apt/sources.list': 'deb http://tools.test/apt cloud-sdk-bookworm main\n',
      'apt/sources.list.d/a.list':
        'deb http://mirror.test/debian-security bookworm-security main\n',
      'apt/sources.list.d/debian.sources':
        'Types: deb\nURIs: http://mirror.test/debian\nSuites: bookworm bookworm-updates\n' +
        'Components: main\nSigned-By: /keys/debian.gpg\n',
    });
    expect(debianSource(folder)).toEqual({
      uri: 'http://mirror.test/debian',
      signedBy: '/keys/debian.gpg',
    });
  });

  test('is unknown on another distribution', () => {
    const list = 'deb http://mirror.test/ubuntu noble main\n';
    const folder = etc({
      'os-release': 'ID=ubuntu\nVERSION_CODENAME=noble\n',
      'apt/sources.list': list,
    });
    expect(debianSource(folder)).toBeUndefined();
  });

  test('is unknown where no source has the release', () => {
    expect(debianSource(etc({ 'os-release': debian }))).toBeUndefined();
  });
});

test('a line of sources.list may carry options and a comment', () => {
  const text =
    '# deb http://off.test/debian bookworm main\n' +
    'deb-src http://src.test/debian bookworm main\n' +
    'deb [arch=amd64 signed-by=/keys/a.gpg] http://on.test/debian bookworm main contrib # ours\n';
  expect(oneLineSources(text)).toEqual([
    {
      uri: 'http://on.test/debian',
      suite: 'bookworm',
      components: ['main', 'contrib'],
      signedBy: '/keys/a.gpg',
    },
  ]);
});

test('a stanza may be off, span lines, and hold its key in place', () => {
  const off =
    'Enabled: no\nTypes: deb\nURIs: http://off.test\nSuites: bookworm\nComponents: main\n';
  const on =
    '# the mirror\nTypes: deb deb-src\nURIs: http://on.test/debian\nSuites:\n bookworm\n' +
    'Components: main\nSigned-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n AAAA\n';
  expect(stanzaSources(`${off}\n${on}`)).toEqual([
    {
      uri: 'http://on.test/debian',
      suite: 'bookworm',
      components: ['main'],
      signedBy: undefined,
    },
  ]);
});
