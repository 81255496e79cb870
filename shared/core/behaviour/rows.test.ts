import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { functionalRows } from './functional-rows.ts';
import { poolRows } from './pool-rows.ts';
import { replicaSetRows } from './replica-set-rows.ts';
import { rolloutRows } from './rollout-rows.ts';
import { files, type Row } from './row.ts';
import { situationRows } from './situation-rows.ts';

const rows = [...replicaSetRows, ...poolRows, ...rolloutRows, ...situationRows, ...functionalRows];
const root = new URL('../../../', import.meta.url);
const texts: ReadonlyMap<string, string> = new Map(
  Object.values(files).map((file) => [file, readFileSync(new URL(file, root), 'utf8')]),
);

test('each row has an id of its own', () => {
  const seen = new Set<string>();
  expect(rows.filter(({ id }) => seen.size === seen.add(id).size).map(({ id }) => id)).toEqual([]);
});

test('each row has its test', () => {
  const lacks = ({ file, test: name }: Row) =>
    texts.get(file)?.includes(name.replaceAll("'", String.raw`\'`)) !== true;
  expect(rows.filter(lacks).map(({ id, test: name }) => `${id}: ${name}`)).toEqual([]);
});

test('no defect is left out', () => {
  const ids = new Set(rows.map(({ id }) => id));
  const defects = Array.from({ length: 30 }, (_, at) => `B${at + 1}`);
  expect(defects.filter((id) => !ids.has(id))).toEqual([]);
});

test('no section of upstream’s own tests is left out', () => {
  const sections = new Set(rows.map(({ id }) => id.split('-')[0]));
  const catalogue = Array.from({ length: 6 }, (_, at) => `9.${at + 1}`);
  expect(catalogue.filter((section) => !sections.has(section))).toEqual([]);
});

test('no number of a section is left out', () => {
  const sections = Map.groupBy(
    rows.map(({ id }) => id.split('-')).filter((parts) => parts.length === 2),
    ([section]) => section,
  );
  for (const [section, parts] of sections) {
    const numbers = parts.map(([, number]) => Number(number)).toSorted((one, two) => one - two);
    expect([section, ...numbers]).toEqual([section, ...numbers.map((_, at) => at + 1)]);
  }
});
