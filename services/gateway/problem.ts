import type { Problem } from '#shared/contract/api.ts';

const titles: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

export type ProblemOptions = {
  readonly errors?: Problem['errors'];
  /** When to come again. */
  readonly retryAfterSeconds?: number;
  readonly cause?: unknown;
};

/** Ends a request with an answer for the caller: RFC 9457, as application/problem+json. */
export class HttpProblem extends Error {
  override readonly name = 'HttpProblem';
  readonly status: number;
  readonly options: ProblemOptions;

  constructor(status: number, detail: string, options: ProblemOptions = {}) {
    super(detail, { cause: options.cause });
    this.status = status;
    this.options = options;
  }

  get body(): Problem {
    const { errors } = this.options;
    return {
      type: 'about:blank',
      title: titles[this.status] ?? 'Error',
      status: this.status,
      detail: this.message,
      ...(errors === undefined ? {} : { errors }),
    };
  }

  get headers(): Readonly<Record<string, string>> {
    const { retryAfterSeconds } = this.options;
    return {
      'content-type': 'application/problem+json',
      ...(retryAfterSeconds === undefined ? {} : { 'retry-after': `${retryAfterSeconds}` }),
      ...(this.status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
    };
  }
}
