import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { labelsOfMetrics, strangeLabelsIn } from '#test/support/metric-labels.ts';
import { promtool } from '#test/support/promtool.ts';
import { runProgram } from '#test/support/run-program.ts';

/* Alert rules and dashboard, judged by Prometheus' own tool and against the page that explains them. */

const folder = fileURLToPath(new URL('../../deploy/grafana/', import.meta.url));
const rulesSchema = z.object({
  groups: z.array(
    z.object({
      name: z.string(),
      rules: z.array(
        z.strictObject({
          alert: z.string().regex(/^Rollcall[A-Z]\w+$/),
          expr: z.string(),
          for: z.string().optional(),
          labels: z.strictObject({ severity: z.enum(['page', 'ticket']) }),
          annotations: z.strictObject({ summary: z.string(), runbook_url: z.string() }),
        }),
      ),
    }),
  ),
});
const testsSchema = z.object({
  tests: z.array(
    z.object({
      alert_rule_test: z.array(
        z.object({ alertname: z.string(), exp_alerts: z.array(z.unknown()) }),
      ),
    }),
  ),
});
/** Of the reader's choosing, so that the dashboard is at home in any Grafana. */
const datasourceSchema = z.strictObject({
  type: z.literal('prometheus'),
  uid: z.literal('${datasource}'),
});
const dashboardSchema = z.object({
  panels: z.array(
    z.object({
      type: z.string(),
      title: z.string(),
      id: z.number(),
      gridPos: z.object({ x: z.number(), y: z.number(), w: z.number(), h: z.number() }),
      datasource: datasourceSchema.optional(),
      targets: z
        .array(
          z.object({
            expr: z.string(),
            refId: z.string(),
            legendFormat: z.string().optional(),
            datasource: datasourceSchema,
          }),
        )
        .optional(),
    }),
  ),
  templating: z.object({ list: z.array(z.object({ name: z.string(), type: z.string() })) }),
});

const rules = rulesSchema
  .parse(parse(readFileSync(join(folder, 'alerts.yaml'), 'utf8')))
  .groups.flatMap((group) => group.rules);
const { panels, templating } = dashboardSchema.parse(
  JSON.parse(readFileSync(join(folder, 'dashboard.json'), 'utf8')),
);

describe('by promtool', () => {
  let tool: string | undefined;
  beforeAll(async () => {
    tool = await promtool();
    if (tool === undefined) {
      process.stderr.write('LEFT OUT: no promtool here, so the alert rules were not checked\n');
    }
  }, 180_000);

  test('the rules are well formed', async ({ skip }) => {
    if (tool === undefined) return skip('no promtool');
    const { stdout } = await runProgram(tool, ['check', 'rules', join(folder, 'alerts.yaml')]);
    expect(stdout).toContain(`SUCCESS: ${rules.length} rules found`);
  });

  test('each alert fires when it should, and none while all is well', async ({ skip }) => {
    if (tool === undefined) return skip('no promtool');
    await runProgram(tool, ['test', 'rules', 'alerts.test.yaml'], { cwd: folder });
  });

  test('every question of the dashboard can be asked', async ({ skip }) => {
    if (tool === undefined) return skip('no promtool');
    const place = mkdtempSync(join(tmpdir(), 'rollcall-promtool-'));
    onTestFinished(() => rmSync(place, { recursive: true }));
    const asked = panels
      .flatMap(({ targets = [] }) => targets)
      .map(({ expr }, index) => ({
        record: `panel:${index}`,
        expr: expr.replaceAll('$__rate_interval', '5m').replaceAll('$component', '.*'),
      }));
    const file = join(place, 'panels.json');
    writeFileSync(file, JSON.stringify({ groups: [{ name: 'panels', rules: asked }] }));
    const { stdout } = await runProgram(tool, ['check', 'rules', file]);
    expect(stdout).toContain(`${asked.length} rules found`);
  });
});

describe('the alerts', () => {
  test('are each tried by a test that expects them to fire', () => {
    const { tests } = testsSchema.parse(
      parse(readFileSync(join(folder, 'alerts.test.yaml'), 'utf8')),
    );
    const fired = tests
      .flatMap((one) => one.alert_rule_test)
      .filter(({ exp_alerts: expected }) => expected.length > 0);
    const names = rules.map(({ alert }) => alert).toSorted();
    expect(fired.map(({ alertname }) => alertname).toSorted()).toEqual(names);
  });

  test('are each explained where their runbook link leads, and no other is', () => {
    const page = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');
    const explained = [...page.matchAll(/^### (Rollcall\w+)$/gm)].map(([, name]) => name);
    expect(new Set(explained)).toEqual(new Set(rules.map(({ alert }) => alert)));
    expect(explained).toHaveLength(rules.length);
    for (const { alert, annotations } of rules) {
      expect(annotations.runbook_url).toBe(`docs/operations.md#${alert.toLowerCase()}`);
    }
  });
});

test('the panels of the dashboard do not lie over one another, and each has a name of its own', () => {
  const taken = new Set<string>();
  for (const { title, gridPos } of panels) {
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
        expect(taken.has(`${x}/${y}`), `${title} at ${x}/${y}`).toBe(false);
        taken.add(`${x}/${y}`);
      }
    }
  }
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
});

test('every panel asks the data source that the reader chooses, and no variable is missing', () => {
  for (const { type, title, targets = [], datasource } of panels) {
    expect(type === 'row' || datasource !== undefined, title).toBe(true);
    expect(type === 'row' || targets.length > 0, title).toBe(true);
    expect(new Set(targets.map(({ refId }) => refId)).size, title).toBe(targets.length);
  }
  const text = JSON.stringify(panels);
  const used = new Set([...text.matchAll(/\$\{?([a-z]\w*)/g)].map(([, name = '']) => name));
  const given = templating.list.map(({ name }) => name);
  expect([...used].toSorted()).toEqual(given.toSorted());
});

test('no panel reaches over the edge of the dashboard', () => {
  for (const { title, gridPos } of panels) {
    expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24);
    expect(Math.min(gridPos.w, gridPos.h), title).toBeGreaterThan(0);
  }
});

describe('every label that is asked for is one of the metric', () => {
  const known = labelsOfMetrics();

  test('in the dashboard', () => {
    const strange = panels.flatMap(({ title, targets = [] }) =>
      targets.flatMap(({ expr, legendFormat = '' }) => {
        const shown = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, name = '']) => name);
        return strangeLabelsIn(expr, { known, shown }).map((label) => `${title}: ${label}`);
      }),
    );
    expect(strange).toEqual([]);
  });

  test('in the alerts', () => {
    const strange = rules.flatMap(({ alert, expr, annotations }) => {
      const words = annotations.summary.matchAll(/\$labels\.(\w+)/g);
      const shown = [...words].map(([, name = '']) => name);
      return strangeLabelsIn(expr, { known, shown }).map((label) => `${alert}: ${label}`);
    });
    expect(strange).toEqual([]);
  });

  test('and one that is not is found', () => {
    const asked = 'sum by (pod) (rate(rollcall_commands_settled_total{vreb="x"}[5m]))';
    expect(strangeLabelsIn(asked, { known })).toEqual(['vreb', 'pod']);
    expect(known.get('rollcall_commands_settled_total')).toEqual(['verb', 'outcome', 'reason']);
  });
});
