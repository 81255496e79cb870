import type { Job } from './backlog.ts';

/**
 * Lets a command about an object wait for the create of that object. A create whose answer was lost is
 * repeated; meanwhile its object may have been seen and a later plan may remove it, and the repetition
 * would make it again.
 */
export class Order {
  readonly #creating = new Map<string, Promise<void>>();

  /** Does the work in its turn. Creates wait for nobody, so nobody waits for ever. */
  async run<T>(job: Job, work: () => Promise<T>): Promise<T> {
    const { command, plan } = job;
    const { namespace } = plan.set;
    if (isCreate(job) && 'name' in command) {
      return this.#create(`${namespace}/${command.name}`, work);
    }
    if ('member' in command) await this.#creating.get(`${namespace}/${command.member.name}`);
    return work();
  }

  async #create<T>(place: string, work: () => Promise<T>): Promise<T> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#creating.set(place, promise);
    try {
      return await work();
    } finally {
      if (this.#creating.get(place) === promise) this.#creating.delete(place);
      resolve();
    }
  }
}

export function isCreate({ command }: Job): boolean {
  return command.verb.startsWith('create-');
}
