import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';

import { isRecord } from '#shared/lib/canonical.ts';
import type { Caller } from '../store/types.ts';
import { writePrivateFile } from './private-file.ts';

/** A user with the bearer token that proves it; `name` is how files and kubeconfigs call it. */
export type TokenUser = {
  readonly name: string;
  readonly caller: Caller;
  readonly token: string;
};

const serviceAccountNamespace = 'rollcall-system';
const serviceAccounts = ['watcher', 'executor', 'gateway'];

/** Reads the tokens file, or makes it with a fresh token for each user that it lacks. */
export async function loadUsers(path: string): Promise<readonly TokenUser[]> {
  const stored = await readTokens(path);
  const users = knownUsers().map((user) => ({
    ...user,
    token: stored.get(user.name) ?? randomBytes(24).toString('base64url'),
  }));
  if (users.some((user) => !stored.has(user.name))) {
    const tokens = Object.fromEntries(users.map((user) => [user.name, user.token]));
    await writePrivateFile(path, `${JSON.stringify(tokens, null, 2)}\n`);
  }
  return users;
}

function knownUsers(): readonly Omit<TokenUser, 'token'>[] {
  const admin = { user: 'admin', groups: ['system:masters', 'system:authenticated'] };
  return [
    { name: 'admin', caller: admin },
    ...serviceAccounts.map((name) => ({ name, caller: serviceAccount(name) })),
  ];
}

function serviceAccount(name: string): Caller {
  return {
    user: `system:serviceaccount:${serviceAccountNamespace}:${name}`,
    groups: [
      'system:serviceaccounts',
      `system:serviceaccounts:${serviceAccountNamespace}`,
      'system:authenticated',
    ],
  };
}

async function readTokens(path: string): Promise<ReadonlyMap<string, string>> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return new Map();
    throw new Error(`reading the tokens file ${path}`, { cause: error });
  }
  const tokens: unknown = JSON.parse(text);
  if (!isRecord(tokens)) throw new Error(`the tokens file ${path} does not hold an object`);
  const pairs = Object.entries(tokens);
  return new Map(
    pairs.flatMap(([name, token]) => (typeof token === 'string' ? [[name, token]] : [])),
  );
}
