import { expect, test } from 'vitest';
import { Health } from './health.ts';
import { meterHealth, Meters } from './metrics.ts';

async function linesOf(meters: Meters, name: string): Promise<readonly string[]> {
  const { body } = await meters.answer();
  return body.split('\n').filter((line) => line.startsWith(name));
}

test('every metric bears the service, and what is counted elsewhere is asked for at the scrape', async () => {
  const meters = new Meters('watcher');
  const flows = new Map([['fact', 2]]);
  meters.readTotal({ name: 'told_total', help: 'x', label: 'family', read: () => flows });
  expect(await linesOf(meters, 'told_total')).toEqual([
    'told_total{family="fact",component="watcher"} 2',
  ]);
  flows.set('fact', 5).set('outcome', 1);
  expect(await linesOf(meters, 'told_total')).toEqual([
    'told_total{family="fact",component="watcher"} 5',
    'told_total{family="outcome",component="watcher"} 1',
  ]);
});

test('a gauge that has nothing to tell is left out, and so is a label whose value is gone', async () => {
  const meters = new Meters('recorder');
  let sequence: number | undefined;
  const held = new Map([['Contested', 1]]);
  meters.readGauge({ name: 'sequence', help: 'x', read: () => sequence });
  meters.readGauge({ name: 'held', help: 'x', label: 'reason', read: () => held });
  expect(await linesOf(meters, 'sequence')).toEqual([]);
  sequence = 7;
  held.clear();
  expect(await linesOf(meters, 'sequence')).toEqual(['sequence{component="recorder"} 7']);
  expect(await linesOf(meters, 'held')).toEqual([]);
});

test('the phase and readiness of the process are told beside its memory and CPU', async () => {
  const meters = new Meters('executor');
  const health = new Health('executor');
  meterHealth(meters, health);
  health.becomes('standing by');
  expect(await linesOf(meters, 'rollcall_ready')).toEqual([
    'rollcall_ready{component="executor"} 1',
  ]);
  const phases = await linesOf(meters, 'rollcall_phase');
  expect(phases.filter((line) => line.endsWith(' 1'))).toEqual([
    'rollcall_phase{phase="standing by",component="executor"} 1',
  ]);
  expect(await linesOf(meters, 'process_resident_memory_bytes')).toHaveLength(1);
  expect(health.routes.map(({ path }) => path)).toContain('/metrics');
});
