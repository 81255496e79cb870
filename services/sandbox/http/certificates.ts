import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { randomBytes, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import * as der from './der.ts';
import { writePrivateFile } from './private-file.ts';

/** What a TLS server needs, as PEM texts; the authority is what clients are told to trust. */
export type Credentials = {
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
  /** The authority's own key, which signs the certificates of clients. */
  readonly authorityKey: string;
};

/** A certificate that proves a user, with its key; PEM texts. */
export type ClientCertificate = { readonly certificate: string; readonly key: string };

const oids = {
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  subjectKeyId: '2.5.29.14',
  keyUsage: '2.5.29.15',
  alternativeNames: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyId: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  serverAuthentication: '1.3.6.1.5.5.7.3.1',
  clientAuthentication: '1.3.6.1.5.5.7.3.2',
} as const;

const years = 10;
const authorityName = 'rollcall-sandbox-ca';

/** Reads the credentials under a folder, or makes them there; a second start serves the same ones. */
export async function loadCredentials(folder: string, now: Date): Promise<Credentials> {
  const names = {
    authority: 'ca.crt',
    authorityKey: 'ca.key',
    certificate: 'server.crt',
    key: 'server.key',
  } as const;
  const [authority, authorityKey, certificate, key] = await Promise.all(
    [names.authority, names.authorityKey, names.certificate, names.key].map((name) =>
      readText(join(folder, name)),
    ),
  );
  const isWhole = authority && authorityKey && certificate && key;
  if (isWhole) return { authority, authorityKey, certificate, key };
  const made = makeCredentials(now);
  await writePrivateFile(join(folder, names.authorityKey), made.authorityKey);
  await writePrivateFile(join(folder, names.key), made.key);
  await writePrivateFile(join(folder, names.certificate), made.certificate);
  // Last: its presence says that the others are whole.
  await writePrivateFile(join(folder, names.authority), made.authority);
  return made;
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new Error(`reading ${path}`, { cause: error });
  }
}

/** A fresh authority and a server certificate of it for the loopback names and more. ECDSA on P-256. */
export function makeCredentials(now: Date, names: readonly string[] = []): Credentials {
  const authority = newKey();
  const server = newKey();
  const issuer = { name: authorityName, key: authority };
  return {
    authority: certificateOf({
      subject: distinguishedName(authorityName),
      key: authority,
      issuer,
      now,
      extensions: authorityExtensions(authority),
    }),
    certificate: certificateOf({
      subject: distinguishedName('rollcall-sandbox'),
      key: server,
      issuer,
      now,
      extensions: serverExtensions({ key: server, authority, names: ['localhost', ...names] }),
    }),
    key: pemOf(server),
    authorityKey: pemOf(authority),
  };
}

/** A certificate for a user: its name is the common name, each group an organization. */
export function clientCertificate(
  { authorityKey }: Pick<Credentials, 'authorityKey'>,
  { user, groups }: { readonly user: string; readonly groups: readonly string[] },
  now: Date,
): ClientCertificate {
  const key = newKey();
  const authority = createPrivateKey(authorityKey);
  const certificate = certificateOf({
    subject: distinguishedName(user, groups),
    key,
    issuer: { name: authorityName, key: authority },
    now,
    extensions: clientExtensions(key, authority),
  });
  return { certificate, key: pemOf(key) };
}

function pemOf(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

function newKey(): KeyObject {
  const pair = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  return createPrivateKey(pair.privateKey);
}

type Issuer = { readonly name: string; readonly key: KeyObject };
type Wanted = {
  readonly subject: Buffer;
  readonly key: KeyObject;
  readonly issuer: Issuer;
  readonly now: Date;
  readonly extensions: readonly Buffer[];
};

/** The fields of RFC 5280, section 4.1, signed and armoured. */
function certificateOf({ subject, key, issuer, now, extensions }: Wanted): string {
  const algorithm = der.sequence(der.objectId(oids.ecdsaWithSha256));
  const until = new Date(now);
  until.setUTCFullYear(now.getUTCFullYear() + years);
  // An hour back, for clients whose clock is a little behind.
  const since = new Date(now.getTime() - 3_600_000);
  const body = der.sequence(
    der.explicit(0, der.integer(Buffer.from([2]))),
    der.integer(serialNumber()),
    algorithm,
    distinguishedName(issuer.name),
    der.sequence(der.time(since), der.time(until)),
    subject,
    publicKeyOf(key),
    der.explicit(3, der.sequence(...extensions)),
  );
  const signature = sign('sha256', body, { key: issuer.key, dsaEncoding: 'der' });
  return armour(der.sequence(body, algorithm, der.bitString(signature)));
}

/** Positive, and never with a leading zero byte, which the encoding forbids. */
function serialNumber(): Buffer {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes;
}

function distinguishedName(commonName: string, organizations: readonly string[] = []): Buffer {
  const part = (id: string, text: string) =>
    der.set(der.sequence(der.objectId(id), der.utf8(text)));
  return der.sequence(
    ...organizations.map((name) => part(oids.organization, name)),
    part(oids.commonName, commonName),
  );
}

function publicKeyOf(key: KeyObject): Buffer {
  return createPublicKey(key).export({ type: 'spki', format: 'der' });
}

/** SHA-1 of the uncompressed point, the last 65 bytes of a P-256 key's SubjectPublicKeyInfo. */
function keyId(key: KeyObject): Buffer {
  return createHash('sha1').update(publicKeyOf(key).subarray(-65)).digest();
}

function extension(id: string, value: Buffer, critical = false): Buffer {
  const flag = critical ? [der.boolean(true)] : [];
  return der.sequence(der.objectId(id), ...flag, der.octetString(value));
}

function authorityExtensions(key: KeyObject): readonly Buffer[] {
  return [
    extension(oids.basicConstraints, der.sequence(der.boolean(true)), true),
    // keyCertSign and cRLSign, bits 5 and 6.
    extension(oids.keyUsage, der.bitString(Buffer.from([0b0000_0110]), 1), true),
    extension(oids.subjectKeyId, der.octetString(keyId(key))),
  ];
}

type Server = {
  readonly key: KeyObject;
  readonly authority: KeyObject;
  readonly names: readonly string[];
};

function serverExtensions({ key, authority, names }: Server): readonly Buffer[] {
  const ipv6Loopback = Buffer.from([...Array.from({ length: 15 }, () => 0), 1]);
  return [
    extension(oids.basicConstraints, der.sequence(), true),
    // digitalSignature, bit 0.
    extension(oids.keyUsage, der.bitString(Buffer.from([0b1000_0000]), 7), true),
    extension(oids.extendedKeyUsage, der.sequence(der.objectId(oids.serverAuthentication))),
    extension(oids.subjectKeyId, der.octetString(keyId(key))),
    extension(oids.authorityKeyId, der.sequence(der.implicit(0, keyId(authority)))),
    extension(
      oids.alternativeNames,
      der.sequence(
        ...names.map((name) => der.implicit(2, Buffer.from(name, 'latin1'))),
        der.implicit(7, Buffer.from([127, 0, 0, 1])),
        der.implicit(7, ipv6Loopback),
      ),
    ),
  ];
}

function clientExtensions(key: KeyObject, authority: KeyObject): readonly Buffer[] {
  return [
    extension(oids.basicConstraints, der.sequence(), true),
    extension(oids.keyUsage, der.bitString(Buffer.from([0b1000_0000]), 7), true),
    extension(oids.extendedKeyUsage, der.sequence(der.objectId(oids.clientAuthentication))),
    extension(oids.subjectKeyId, der.octetString(keyId(key))),
    extension(oids.authorityKeyId, der.sequence(der.implicit(0, keyId(authority)))),
  ];
}

function armour(bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}
