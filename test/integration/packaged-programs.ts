import { chmodSync, chownSync, copyFileSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import type { ComposeFile } from '#test/support/compose-file.ts';
import { canJail } from '#test/support/container.ts';
import type { Mount } from '#test/support/container.ts';
import { podOf } from '#test/support/deploy-manifests.ts';
import type { Manifest } from '#test/support/deploy-manifests.ts';

/** One of our programs as a package says that it is run. */
export type PackagedProgram = {
  readonly name: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly user: { readonly uid: number; readonly gid: number };
  readonly mounts: readonly Mount[];
};

/** The programs of docker-compose.yml, with the secrets that lie in that folder. */
export function programsOfCompose(
  compose: ComposeFile,
  secretsIn: (file: string) => string,
): readonly PackagedProgram[] {
  const ours = Object.entries(compose.services).filter(([, { image }]) =>
    image.startsWith('rollcall:'),
  );
  return ours.map(([name, service]) => {
    const { environment, command = [], secrets, user = '' } = service;
    const [uid = '', gid = uid] = user.split(':');
    return {
      name,
      args: command,
      env: environment,
      user: { uid: Number(uid), gid: Number(gid) },
      mounts: secrets.map(({ source, target }) => ({
        source: secretsIn(compose.secrets[source]?.file ?? ''),
        target: target.startsWith('/') ? target : `/run/secrets/${target}`,
      })),
    };
  });
}

const idsSchema = z.looseObject({ runAsUser: z.int(), runAsGroup: z.int(), fsGroup: z.int() });
const referenceSchema = z.looseObject({
  configMapKeyRef: z.strictObject({
    name: z.string(),
    key: z.string(),
    optional: z.boolean().default(false),
  }),
});

export type PodWorld = {
  readonly manifests: readonly Manifest[];
  /** Where the files of one Secret lie. */
  readonly secret: (name: string) => string;
  /** Where the token and the authority of an account lie, as the kubelet mounts them. */
  readonly account: (name: string) => string;
  /** Changes a text of a ConfigMap that is about the world outside. */
  readonly adapt: (text: string) => string;
  /** A folder for what is mounted. */
  readonly folder: string;
};

/** The programs of rendered manifests. Their secrets are copied with the rights that a kubelet gives. */
export function programsOfPods(world: PodWorld): readonly PackagedProgram[] {
  return world.manifests.flatMap((manifest) => {
    const found = podOf(manifest);
    return found === undefined ? [] : [programOf(manifest.metadata.name, found.pod, world)];
  });
}

type Pod = NonNullable<ReturnType<typeof podOf>>['pod'];

function programOf(name: string, pod: Pod, world: PodWorld): PackagedProgram {
  const [{ args, env, envFrom, volumeMounts }] = pod.containers;
  const target = '/var/run/secrets/kubernetes.io/serviceaccount';
  const accountFolder = join(world.folder, name, 'account');
  // Without a root folder of its own, a program finds what a text names where it really lies.
  const found = (text: string): string =>
    canJail() ? text : text.replaceAll(target, accountFolder);
  const config = (map: string): Readonly<Record<string, string>> =>
    Object.fromEntries(
      Object.entries(configOf(world, map)).map(([key, text]) => [key, found(text)]),
    );
  const own = env.map(({ name: variable, value, valueFrom }) => {
    if (valueFrom === undefined) return [variable, value ?? ''] as const;
    const { configMapKeyRef: from } = referenceSchema.parse(valueFrom);
    const text = config(from.name)[from.key];
    if (text === undefined && !from.optional) throw new Error(`${from.name} has no ${from.key}`);
    return [variable, text ?? ''] as const;
  });
  const { runAsUser: uid, fsGroup: gid } = idsSchema.parse(pod.securityContext);
  const mounts = volumeMounts.map(({ name: volume, mountPath }) => {
    const source = join(world.folder, name, volume);
    const { secret, configMap } = pod.volumes.find((one) => one.name === volume) ?? {};
    if (secret !== undefined) handOut(world.secret(secret.secretName), source, gid);
    if (configMap !== undefined) writeAll(config(configMap.name), source);
    return { source, target: mountPath };
  });
  const account = pod.serviceAccountName;
  const token = account !== undefined && hasToken(world.manifests, account);
  if (token) handOut(world.account(account), accountFolder, gid);
  return {
    name,
    args,
    env: Object.assign(
      {},
      ...envFrom.map(({ configMapRef }) => config(configMapRef.name)),
      Object.fromEntries(own),
    ),
    user: { uid, gid },
    mounts: token ? [...mounts, { source: accountFolder, target }] : mounts,
  };
}

function configOf({ manifests, adapt }: PodWorld, name: string): Readonly<Record<string, string>> {
  const map = manifests.find((one) => one.kind === 'ConfigMap' && one.metadata.name === name);
  const data = z.record(z.string(), z.string()).parse(map?.['data']);
  return Object.fromEntries(Object.entries(data).map(([key, text]) => [key, adapt(text)]));
}

function hasToken(manifests: readonly Manifest[], account: string): boolean {
  const found = manifests.find(
    ({ kind, metadata }) => kind === 'ServiceAccount' && metadata.name === account,
  );
  return found?.['automountServiceAccountToken'] === true;
}

/** As `defaultMode: 0440` with an fsGroup: root's, and readable for that group alone. */
function handOut(from: string, to: string, gid: number): void {
  mkdirSync(to, { recursive: true });
  for (const file of readdirSync(from)) {
    const target = join(to, file);
    copyFileSync(join(from, file), target);
    chmodSync(target, 0o440);
    if (process.getuid?.() === 0) chownSync(target, 0, gid);
  }
}

function writeAll(texts: Readonly<Record<string, string>>, folder: string): void {
  for (const [name, text] of Object.entries(texts)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}
