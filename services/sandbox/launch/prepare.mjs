import { givenNats } from './given-nats.mjs';
import { kubectlBinary } from './kubectl-binary.mjs';
import { natsBinary } from './nats-binary.mjs';
import { passableFolder } from './passable-folder.mjs';
import { pinnedNode } from './pinned-node.mjs';
import { rememberedPorts } from './ports.mjs';
import { postgresBinaries } from './postgres-binaries.mjs';
import { makeDatabaseCluster, postgresUrl } from './postgres-server.mjs';
import { during, Refusal } from './say.mjs';
import { makeSecrets } from './secrets.mjs';

/**
 * Everything that a run needs before its first process starts: programs, secrets, ports, the folder of
 * the database. What is there already is used as it is.
 */
export async function prepareRun({ paths, options, env }) {
  const uses = {
    embeddedNats: !env.NATS_URL,
    embeddedPostgres: !env.DATABASE_URL,
    sandbox: options.kubeconfig === undefined,
  };
  const secrets = makeSecrets(paths);
  const ports = await choosePorts(paths, uses, env);
  const nats = uses.embeddedNats ? await natsBinary(paths) : undefined;
  const urls = uses.embeddedNats
    ? { monitorUrl: `http://127.0.0.1:${ports.natsMonitor}` }
    : await givenNats(env);
  const postgres = uses.embeddedPostgres ? await preparePostgres(paths, secrets) : undefined;
  return {
    paths,
    options,
    uses,
    secrets,
    ports,
    nats,
    postgres,
    node: pinnedNode(),
    kubectl: uses.sandbox ? await kubectlBinary(paths) : undefined,
    /** Of a broker that somebody else runs. */
    natsUrl: urls.url,
    natsMonitorUrl: urls.monitorUrl,
    databaseUrl:
      env.DATABASE_URL || postgresUrl({ password: secrets.databasePassword, port: ports.postgres }),
  };
}

function choosePorts(paths, uses, env) {
  const names = [
    'gateway',
    ...(uses.embeddedNats ? ['nats', 'natsMonitor'] : []),
    ...(uses.embeddedPostgres ? ['postgres'] : []),
    ...(uses.sandbox ? ['sandbox'] : []),
  ];
  return rememberedPorts(paths, names, {
    ...askedPort('sandbox', env.ROLLCALL_SANDBOX_PORT),
    ...askedPort('gateway', env.ROLLCALL_GATEWAY_PORT),
  });
}

/** Port 0 means any, as ever. */
function askedPort(name, text) {
  if (text === undefined || text === '' || text === '0') return {};
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port <= 65_535) return { [name]: port };
  throw new Refusal(`${text} is not a port; ${name} was asked to use it.`);
}

async function preparePostgres(paths, secrets) {
  const binaries = await postgresBinaries(paths);
  const folder = passableFolder(paths.postgres);
  const password = secrets.databasePassword;
  await during('the database', () =>
    makeDatabaseCluster({ binaries, folder, password, durable: true }),
  );
  return { binaries, folder };
}
