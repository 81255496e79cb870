import type { FastifyRequest } from 'fastify';
import { kindAddresses, setKinds } from '#shared/contract/kinds.ts';
import type { SetKind } from '#shared/contract/kinds.ts';
import type { Answer } from '#shared/cluster/cluster.ts';
import type { ReviewedUser } from '#shared/cluster/reviews.ts';
import type { Access } from './access.ts';
import { HttpProblem } from './problem.ts';

/** What a caller asks about. */
export type Subject = {
  readonly verb: 'get' | 'list';
  /** All namespaces when absent. */
  readonly namespace?: string | undefined;
  /** Both kinds when absent. */
  readonly kind?: SetKind | undefined;
  readonly name?: string | undefined;
};

/** Lets through who may ask the API server itself for what is asked about here. */
export class Guard {
  readonly #access: Access;

  constructor(access: Access) {
    this.#access = access;
  }

  /** Whoever the bearer token is of; a 401 for nobody. */
  async callerOf(request: FastifyRequest): Promise<ReviewedUser> {
    const token = bearerOf(request);
    if (token === undefined) {
      throw new HttpProblem(401, 'This needs the header "Authorization: Bearer TOKEN".');
    }
    const caller = judged(await this.#access.whose(token));
    if (caller === undefined) throw new HttpProblem(401, 'The cluster does not know this token.');
    return caller;
  }

  /** A 403 unless the caller has the right on every kind that the question is about. */
  async demand(caller: ReviewedUser, subject: Subject): Promise<void> {
    const { kind, ...rest } = subject;
    const asked = kind === undefined ? setKinds : [kind];
    await Promise.all(asked.map((one) => this.#demandOne(caller, { ...rest, kind: one })));
  }

  async #demandOne(
    caller: ReviewedUser,
    { verb, kind, namespace, name }: Subject & { readonly kind: SetKind },
  ): Promise<void> {
    const { group, plural: resource } = kindAddresses[kind];
    const attempt = {
      verb,
      group,
      resource,
      ...(namespace === undefined ? {} : { namespace }),
      ...(name === undefined || verb === 'list' ? {} : { name }),
    };
    if (judged(await this.#access.allows(caller, attempt))) return;
    const where = namespace === undefined ? 'in all namespaces' : `in the namespace "${namespace}"`;
    const hint = namespace === undefined ? '; ask about one namespace with ?namespace=' : '';
    throw new HttpProblem(
      403,
      `"${caller.name}" may not ${verb} ${resource}.${group} ${where}${hint}.`,
    );
  }
}

/** Without a verdict nobody is let in, and nobody is told that he has no right. */
function judged<Value>(answer: Answer<Value>): Value {
  if (answer.ok) return answer.value;
  const { doing, kind } = answer.failure;
  throw new HttpProblem(503, `The cluster did not answer when ${doing} (${kind}).`, {
    retryAfterSeconds: 5,
  });
}

function bearerOf({ headers }: FastifyRequest): string | undefined {
  return /^bearer +([\w.~+/=-]+)$/i.exec(headers.authorization ?? '')?.[1];
}
