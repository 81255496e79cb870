import fc from 'fast-check';
import { expect, test } from 'vitest';
import { failureKinds } from '#shared/cluster/cluster.ts';
import type { Failure, FailureKind } from '#shared/cluster/cluster.ts';
import { startingState, step } from './watch-machine.ts';
import type { WatchInput, WatchOutput, WatchState } from './watch-state.ts';

const options = {
  run: 'r',
  pageSize: 500,
  surveyEachMs: 6 * 3600_000,
  backoff: { firstMs: 250, mostMs: 30_000 },
};

function failure(kind: FailureKind, more: Partial<Failure> = {}): Failure {
  return { kind, code: 0, reason: '', doing: 'testing', ...more };
}

function object(resourceVersion: string) {
  return { metadata: { name: 'a', resourceVersion } };
}

/** A machine that is fed answers to its newest request. */
class Driven {
  state: WatchState = startingState(options, 1);
  last: readonly WatchOutput[] = [];

  feed(input: WatchInput): this {
    [this.state, this.last] = step(this.state, input);
    return this;
  }

  get request(): number {
    return this.state.request;
  }

  served(served = true): this {
    return this.feed({ type: 'discovered', request: this.request, served });
  }

  page(resourceVersion: string, next?: string): this {
    const items = [object('1')];
    const rest = next === undefined ? {} : { next };
    return this.feed({ type: 'page', request: this.request, items, resourceVersion, ...rest });
  }

  event(event: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK', version: string): this {
    return this.feed({ type: 'event', request: this.request, event, object: object(version) });
  }

  closed(lastedMs = 300_000): this {
    return this.feed({ type: 'closed', request: this.request, lastedMs });
  }

  fail(kind: FailureKind, lastedMs = 5, more: Partial<Failure> = {}): this {
    const { request } = this;
    return this.feed({ type: 'failed', request, failure: failure(kind, more), lastedMs });
  }

  timer(timer: 'retry' | 'survey' = 'retry'): this {
    return this.feed({ type: 'timer', timer });
  }

  output<Type extends WatchOutput['type']>(type: Type) {
    return this.last.find(
      (output): output is Extract<WatchOutput, { type: Type }> => output.type === type,
    );
  }

  get types(): readonly string[] {
    return this.last.map((output) => output.type);
  }

  get waitMs(): number | undefined {
    return this.last.find((output) => output.type === 'wait' && output.timer === 'retry') ===
      undefined
      ? undefined
      : this.output('wait')?.forMs;
  }
}

function started(): Driven {
  return new Driven().feed({ type: 'started' });
}

function watching(): Driven {
  return started().served().page('70');
}

test('lists a served kind page by page, and watches from the version of the list', () => {
  const machine = started();
  expect(machine.types).toEqual(['discover']);
  expect(machine.served().output('list')?.page).toEqual({ limit: 500 });
  machine.page('70', 'more');
  expect(machine.types).toEqual(['survey-began', 'seen', 'list']);
  expect(machine.output('list')?.page).toEqual({ limit: 500, continue: 'more' });
  machine.page('70');
  expect(machine.types).toEqual(['seen', 'surveyed', 'wait', 'watch']);
  expect(machine.output('seen')?.survey).toBe('r.1');
  expect(machine.output('surveyed')).toMatchObject({ id: 'r.1', resourceVersion: '70' });
  expect(machine.output('watch')?.from.resourceVersion).toBe('70');
});

test('asks the server to end each watch after 4 to 8 minutes, never the same', () => {
  const machine = watching();
  const seconds = Array.from({ length: 50 }, () => {
    return machine.event('BOOKMARK', '70').closed().output('watch')?.from.timeoutSeconds ?? 0;
  });
  expect(Math.min(...seconds)).toBeGreaterThanOrEqual(240);
  expect(Math.max(...seconds)).toBeLessThanOrEqual(480);
  expect(new Set(seconds).size).toBeGreaterThan(20);
});

test('tells events as they come and resumes after the newest, bookmarks included, without a list', () => {
  const machine = watching().event('ADDED', '71');
  expect(machine.last).toEqual([{ type: 'seen', objects: [object('71')] }]);
  expect(machine.event('DELETED', '72').types).toEqual(['gone']);
  expect(machine.event('BOOKMARK', '90').last).toEqual([]);
  expect(machine.closed().types).toEqual(['watch']);
  expect(machine.output('watch')?.from.resourceVersion).toBe('90');
  machine.fail('unclear');
  expect(machine.types).toEqual(['wait', 'troubled']);
  expect(machine.timer().output('watch')?.from.resourceVersion).toBe('90');
});

test('waits longer after each failure in a row, up to half a minute, and not after progress', () => {
  const machine = watching();
  const waits = Array.from({ length: 12 }, () => {
    const waitMs = machine.fail('unclear').waitMs ?? 0;
    machine.timer();
    return waitMs;
  });
  expect(waits[0]).toBeLessThanOrEqual(250);
  expect(waits[3]).toBeGreaterThanOrEqual(1_000);
  expect(Math.max(...waits)).toBeLessThanOrEqual(30_000);
  expect(waits.at(-1)).toBeGreaterThanOrEqual(15_000);
  expect(machine.event('MODIFIED', '75').fail('unclear').waitMs).toBeLessThanOrEqual(250);
});

test('a version from which the server cannot go on is passed over by a list, and an outage is waited for', () => {
  const machine = watching();
  const turns = (code: number) =>
    Array.from({ length: 6 }, () => machine.fail('unclear', 5, { code }).timer().types[0]);
  expect(turns(0)).toEqual(Array.from({ length: 6 }, () => 'watch'));
  machine.event('MODIFIED', '75');
  expect(turns(500)).toEqual([...Array.from({ length: 5 }, () => 'watch'), 'list']);
});

test('a watch that lasted is no failed attempt, so a quiet kind has no growing gaps', () => {
  const machine = watching();
  for (let turn = 0; turn < 10; turn++) {
    machine.event('BOOKMARK', '70');
    expect(machine.fail('unclear', 150_000).waitMs).toBeLessThanOrEqual(250);
    expect(machine.timer().types).toEqual(['watch']);
  }
});

test('a watch on which not even a bookmark came is followed by a list', () => {
  expect(watching().closed(300_000).types).toEqual(['list']);
  expect(watching().fail('unclear', 150_000).types).toEqual(['list', 'troubled']);
  expect(watching().closed(50_000).types).toEqual(['watch']);
});

test('versions that go back lead to a new survey, whatever brought them', () => {
  for (const event of ['BOOKMARK', 'MODIFIED', 'DELETED'] as const) {
    const machine = watching().event('ADDED', '100').event(event, '99');
    expect(machine.types).toEqual(['stop-watch', 'list']);
  }
});

test('a server that closes at once, again and again, is not asked again and again', () => {
  expect(watching().closed(3).waitMs).toBeGreaterThan(0);
  const machine = watching().event('ADDED', '71').closed(3);
  expect(machine.types).toEqual(['watch']);
  expect(machine.closed(3).waitMs).toBeGreaterThan(0);
});

test('waits as long as the server asks', () => {
  expect(watching().fail('throttled', 5, { retryAfterMs: 7_000 }).waitMs).toBe(7_000);
  expect(started().served().fail('throttled', 5, { retryAfterMs: 7_000 }).waitMs).toBe(7_000);
});

test('a version that is too old leads to a new survey, at once unless it was just made', () => {
  expect(watching().event('ADDED', '71').fail('gone').types).toEqual(['list', 'troubled']);
  const machine = watching().fail('gone');
  expect(machine.types).toEqual(['wait', 'troubled']);
  expect(machine.timer().output('list')?.page).toEqual({ limit: 500 });
  expect(machine.page('99').output('surveyed')).toMatchObject({ id: 'r.2' });
});

test('a list that fails midway goes on with its page, in the same bracket', () => {
  const machine = started().served().page('70', 'more').fail('unclear');
  expect(machine.timer().output('list')?.page).toEqual({ limit: 500, continue: 'more' });
  expect(machine.page('70').types).toEqual(['seen', 'surveyed', 'wait', 'watch']);
});

test('a list whose token has run out begins again, in a new bracket, the second time with a wait', () => {
  const machine = started().served().page('70', 'more').fail('gone');
  expect(machine.output('list')?.page).toEqual({ limit: 500 });
  expect(machine.page('80', 'more').output('survey-began')?.id).toBe('r.2');
  expect(machine.fail('gone').waitMs).toBeGreaterThan(0);
  expect(machine.timer().page('90').output('surveyed')?.id).toBe('r.3');
});

test('a server that is away opens no bracket, so what is known stays known', () => {
  const machine = started();
  for (const kind of ['unclear', 'throttled'] as const) {
    expect(machine.fail(kind).timer().types).toEqual(['discover']);
  }
  machine.served();
  expect(machine.fail('unclear').types).toEqual(['wait', 'troubled']);
  expect(machine.timer().types).toEqual(['list']);
});

test('without the right to look the kind is unsynced: one bracket stays open until it is back', () => {
  const machine = watching().event('ADDED', '71').fail('forbidden');
  expect(machine.types).toEqual(['survey-began', 'wait', 'troubled']);
  expect(machine.timer().fail('forbidden').types).toEqual(['wait', 'troubled']);
  expect(machine.timer().page('90').types).toEqual([
    'survey-began',
    'seen',
    'surveyed',
    'wait',
    'watch',
  ]);
});

test('a forbidden list opens a bracket also after a failure of another kind', () => {
  const machine = started().served().fail('unclear').timer().fail('forbidden');
  expect(machine.output('survey-began')).toBeDefined();
});

test('a kind that is not served is told once, as no proof of absence, and asked for again', () => {
  const machine = started().served(false);
  expect(machine.types).toEqual(['survey-began', 'surveyed', 'wait', 'wait']);
  expect(machine.output('surveyed')).toMatchObject({ unserved: true, resourceVersion: '0' });
  expect(machine.timer().types).toEqual(['discover']);
  expect(machine.served(false).types).toEqual(['wait']);
  expect(machine.timer().fail('unclear').types).toEqual(['wait', 'troubled']);
  expect(machine.timer().served().types).toEqual(['list']);
});

test('a kind that is taken away while watched is discovered anew', () => {
  const machine = watching().fail('not-found').timer();
  expect(machine.types).toEqual(['discover']);
  expect(machine.served(false).output('surveyed')?.unserved).toBe(true);
});

test('what cannot be read on a watch is passed over by a list', () => {
  for (const kind of ['rejected', 'too-large', 'invalid'] as const) {
    expect(watching().event('ADDED', '71').fail(kind).timer().types).toEqual(['list']);
  }
});

test('a page that was too large is asked for in smaller pages', () => {
  const machine = started().served().fail('too-large').timer();
  expect(machine.output('list')?.page.limit).toBe(125);
  for (let turn = 0; turn < 9; turn++) machine.fail('too-large').timer();
  expect(machine.output('list')?.page.limit).toBe(1);
});

test('surveys anew every six hours: the watch is left, and what it still says is dropped', () => {
  const machine = watching();
  const stale = machine.request;
  expect(machine.timer('survey').types).toEqual(['stop-watch', 'discover']);
  expect(
    machine.feed({ type: 'event', request: stale, event: 'ADDED', object: object('71') }).last,
  ).toEqual([]);
  expect(machine.feed({ type: 'closed', request: stale, lastedMs: 9_999 }).last).toEqual([]);
  machine.served().page('90');
  expect(machine.types).toEqual(['survey-began', 'seen', 'surveyed', 'wait', 'watch']);
  expect(machine.output('wait')).toMatchObject({ timer: 'survey' });
  expect(machine.feed({ type: 'closed', request: stale, lastedMs: 9_999 }).last).toEqual([]);
  machine.timer('survey').served().page('95');
  const hours = (machine.output('wait')?.forMs ?? 0) / 3600_000;
  expect(hours).toBeGreaterThan(5.3);
  expect(hours).toBeLessThanOrEqual(6);
});

test('an unserved kind is told again with each survey, so that the log always has two of them', () => {
  const machine = started().served(false).timer('survey');
  expect(machine.types).toEqual(['discover']);
  expect(machine.served(false).types).toContain('surveyed');
});

const anyInput = (request: number): fc.Arbitrary<WatchInput> => {
  const which = fc.constantFrom(request, request, request, request - 1);
  const version = fc.nat(1000).map(String);
  return fc.oneof(
    fc.record({ type: fc.constant('discovered' as const), request: which, served: fc.boolean() }),
    fc.record(
      {
        type: fc.constant('page' as const),
        request: which,
        items: fc.constant([object('1')]),
        resourceVersion: version,
        next: fc.constant('more'),
      },
      { requiredKeys: ['type', 'request', 'items', 'resourceVersion'] },
    ),
    fc.record({
      type: fc.constant('event' as const),
      request: which,
      event: fc.constantFrom(
        'ADDED' as const,
        'MODIFIED' as const,
        'DELETED' as const,
        'BOOKMARK' as const,
      ),
      object: version.map(object),
    }),
    fc.record({
      type: fc.constant('closed' as const),
      request: which,
      lastedMs: fc.constantFrom(1, 300_000),
    }),
    fc.record({
      type: fc.constant('failed' as const),
      request: which,
      failure: fc.constantFrom(...failureKinds).map((kind) => failure(kind)),
      lastedMs: fc.constantFrom(1, 300_000),
    }),
    fc.record({
      type: fc.constant('timer' as const),
      timer: fc.constantFrom('retry' as const, 'survey' as const),
    }),
  );
};

test('whatever comes: it always has something to wait for, and brackets hold only their survey', () => {
  fc.assert(
    fc.property(fc.gen(), (gen) => {
      const machine = started();
      const asking = new Set<number>([machine.request]);
      let open: string | undefined;
      let isPaused = false;
      for (let turn = 0; turn < 40; turn++) {
        const input = gen(anyInput, machine.request);
        if ('request' in input && input.type !== 'event') {
          // Only what was asked is answered; a page answers a list, and so on.
          if (!answers(machine.state, input)) continue;
        }
        machine.feed(input);
        if (input.type === 'timer' && input.timer === 'retry') isPaused = false;
        for (const output of machine.last) {
          switch (output.type) {
            case 'survey-began':
              open = output.id;
              break;
            case 'seen':
              expect(output.survey).toBe(open);
              break;
            case 'gone':
              expect(open).toBeUndefined();
              break;
            case 'surveyed':
              expect(output.id).toBe(open);
              open = undefined;
              break;
            case 'discover':
            case 'list':
            case 'watch':
              expect(output.request).toBe(machine.request);
              asking.add(output.request);
              isPaused = false;
              break;
            case 'wait':
              if (output.timer === 'retry') isPaused = true;
              break;
            case 'stop-watch':
            case 'troubled':
              break;
          }
        }
        const isWatched = machine.state.phase.is === 'watching';
        expect(isPaused || asking.has(machine.request)).toBe(true);
        if (isWatched) expect(open).toBeUndefined();
      }
    }),
  );
});

/** Whether an input is of the sort that the machine's newest request brings. */
function answers({ phase }: WatchState, input: WatchInput): boolean {
  switch (input.type) {
    case 'discovered':
      return phase.is === 'discovering' || phase.is === 'unserved';
    case 'page':
      return phase.is === 'listing';
    case 'closed':
      return phase.is === 'watching';
    case 'failed':
      return phase.is !== 'waiting';
    case 'event':
    case 'started':
    case 'timer':
      return true;
  }
}
