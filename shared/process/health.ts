/** Where a service stands in its life; only while it starts is it not ready by that alone. */
export type Phase = 'starting' | 'standing by' | 'active';

/** Why a service is not ready, in words; undefined when it is, as far as this check knows. */
export type Check = () => string | undefined;

export type RouteAnswer = {
  readonly status: number;
  readonly type: string;
  readonly body: string;
};

/** One path of the health server, GET only. */
export type Route = {
  readonly path: string;
  readonly answer: () => RouteAnswer | Promise<RouteAnswer>;
};

export type Readiness = {
  readonly service: string;
  readonly ready: boolean;
  readonly phase: Phase;
  readonly reasons: readonly { readonly check: string; readonly because: string }[];
};

/**
 * How a process is, for whoever asks from outside. It is alive as long as it answers; it is ready while
 * its work gets on. A service that waits for another's lease is ready: it has nothing to do.
 */
export class Health {
  readonly #service: string;
  readonly #checks = new Map<string, Check>();
  readonly #routes: Route[];
  #phase: Phase = 'starting';

  constructor(service: string) {
    this.#service = service;
    this.#routes = [
      { path: '/healthz', answer: () => json(200, { service, alive: true }) },
      { path: '/readyz', answer: () => this.#readyz() },
    ];
  }

  /** What the health server answers; more may be added at any time. */
  get routes(): readonly Route[] {
    return this.#routes;
  }

  add(route: Route): void {
    this.#routes.push(route);
  }

  /** Has readiness depend on one more thing; a check of the same name is replaced. */
  check(name: string, check: Check): void {
    this.#checks.set(name, check);
  }

  becomes(phase: Phase): void {
    this.#phase = phase;
  }

  get readiness(): Readiness {
    const reasons = [...this.#checks].flatMap(([check, ask]) => {
      const because = ask();
      return because === undefined ? [] : [{ check, because }];
    });
    if (this.#phase === 'starting') reasons.unshift({ check: 'phase', because: 'still starting' });
    return { service: this.#service, ready: reasons.length === 0, phase: this.#phase, reasons };
  }

  #readyz(): RouteAnswer {
    const { readiness } = this;
    return json(readiness.ready ? 200 : 503, readiness);
  }
}

function json(status: number, body: object): RouteAnswer {
  return { status, type: 'application/json', body: `${JSON.stringify(body)}\n` };
}
