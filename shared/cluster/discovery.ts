import { kindAddresses, kinds } from '#shared/contract/kinds.ts';
import type { Kind } from '#shared/contract/kinds.ts';
import { isRecord } from '#shared/lib/canonical.ts';
import { versionPath } from './addresses.ts';
import type { Answer } from './cluster.ts';
import type { Connection } from './connection.ts';

/** The version, without its group, under which each kind is served. */
export type ServedVersions = ReadonlyMap<Kind, string>;

/**
 * Asks each group's versions what they serve; of several, the first in the order of kindAddresses wins.
 * A group that is not there serves nothing. Any other trouble is a failure, for not being able to ask is
 * no proof that a kind is missing.
 */
export async function discoverVersions(connection: Connection): Promise<Answer<ServedVersions>> {
  const paths = [...new Set(kinds.flatMap(pathsOf))];
  const answers = await Promise.all(
    paths.map(async (path) => [path, await pluralsAt(connection, path)] as const),
  );
  const served = new Map<string, ReadonlySet<string>>();
  for (const [path, answer] of answers) {
    if (!answer.ok) return answer;
    served.set(path, answer.value);
  }
  const versions = new Map<Kind, string>();
  for (const kind of kinds) {
    const { group, plural, versions: known } = kindAddresses[kind];
    const first = known.find((version) => served.get(versionPath(group, version))?.has(plural));
    if (first !== undefined) versions.set(kind, first);
  }
  return { ok: true, value: versions };
}

function pathsOf(kind: Kind): readonly string[] {
  const { group, versions } = kindAddresses[kind];
  return versions.map((version) => versionPath(group, version));
}

async function pluralsAt(
  connection: Connection,
  path: string,
): Promise<Answer<ReadonlySet<string>>> {
  const doing = `discovering ${path}`;
  const answer = await connection.call({ method: 'GET', path, doing });
  if (!answer.ok) {
    const { kind } = answer.failure;
    const isNone = kind === 'not-found' || kind === 'not-served';
    return isNone ? { ok: true, value: new Set() } : answer;
  }
  const resources = isRecord(answer.value) ? answer.value['resources'] : undefined;
  if (!Array.isArray(resources)) {
    return {
      ok: false,
      failure: { kind: 'unclear', code: 200, reason: 'MalformedAnswer', doing },
    };
  }
  const names = resources.map((resource: unknown) => (isRecord(resource) ? resource['name'] : ''));
  return { ok: true, value: new Set(names.filter((name) => typeof name === 'string')) };
}
