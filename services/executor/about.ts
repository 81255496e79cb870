import type { Job } from './backlog.ts';

/** What a log line says of a command. */
export function about({ command, plan }: Job) {
  const { set } = plan;
  return {
    set: `${set.namespace}/${set.name}`,
    plan: plan.plan,
    verb: command.verb,
    effect: command.effect,
  };
}
