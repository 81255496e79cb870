import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Refusal } from './say.mjs';

export const help = `npm start                                 a simulated cluster, and Rollcall managing it
npm start -- --kubeconfig FILE [options]  Rollcall on a real cluster

  --kubeconfig FILE                 the cluster to run on; the variable KUBECONFIG is never used
  --context NAME                    a context of that file, instead of its current one
  --mode observe|advise|manage      what Rollcall may do (observe, or manage in the sandbox)
  --kubevirt-controllers running|off
                                    whether KubeVirt's own replica controllers run (running, or off
                                    in the sandbox)
  --help                            this text

Data are kept in .rollcall; \`npm run reset\` removes them.`;

/** What the command line asks for, with the defaults filled in. */
export function parseOptions(args, cwd = process.env.INIT_CWD ?? process.cwd()) {
  const { values } = parsed(args);
  if (values.help) return { help: true };
  if (values.context !== undefined && values.kubeconfig === undefined) {
    throw new Refusal(
      '--context names a context of a file, so --kubeconfig FILE is needed with it.',
    );
  }
  const kubeconfig = values.kubeconfig === undefined ? undefined : resolve(cwd, values.kubeconfig);
  if (kubeconfig !== undefined && !existsSync(kubeconfig)) {
    throw new Refusal(`There is no kubeconfig file at ${kubeconfig}.`);
  }
  const sandbox = kubeconfig === undefined;
  return {
    help: false,
    kubeconfig,
    context: values.context,
    mode: oneOf('--mode', values.mode ?? (sandbox ? 'manage' : 'observe'), [
      'observe',
      'advise',
      'manage',
    ]),
    kubevirtControllers: oneOf(
      '--kubevirt-controllers',
      values['kubevirt-controllers'] ?? (sandbox ? 'off' : 'running'),
      ['running', 'off'],
    ),
  };
}

function parsed(args) {
  try {
    return parseArgs({
      args,
      options: {
        kubeconfig: { type: 'string' },
        context: { type: 'string' },
        mode: { type: 'string' },
        'kubevirt-controllers': { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw new Refusal(
      `${error.message.split('. ')[0]}; \`npm start -- --help\` tells the options.`,
    );
  }
}

function oneOf(option, value, allowed) {
  if (allowed.includes(value)) return value;
  throw new Refusal(`${option} is one of ${allowed.join(', ')}, not "${value}".`);
}
