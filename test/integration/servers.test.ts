import pg from 'pg';
import { inject, expect, test } from 'vitest';
import { startNats } from '#test/support/start-nats.ts';
import { createDatabase } from '#test/support/test-database.ts';

/** The servers that `npm start` and the tests run must keep what they have confirmed. */

async function syncsAlways(monitorUrl: string): Promise<unknown> {
  const varz: unknown = await (await fetch(`${monitorUrl}/varz`)).json();
  return varz;
}

test('the embedded NATS attests that it syncs every message to disk', async () => {
  expect(await syncsAlways(inject('natsMonitorUrl'))).toMatchObject({
    jetstream: { config: { sync_always: true } },
  });
});

test('a lazy NATS can be had to test that it is refused', async () => {
  const lazy = await startNats({ syncAlways: false });
  try {
    expect(await syncsAlways(lazy.monitorUrl)).not.toMatchObject({
      jetstream: { config: { sync_always: true } },
    });
  } finally {
    await lazy.stop();
  }
});

test('the embedded Postgres is durable, checks its pages, and asks for a password', async () => {
  await using database = await createDatabase(inject('postgresUrl'));
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  const settings = await client.query(
    `select name, setting from pg_settings where name in
      ('fsync', 'full_page_writes', 'synchronous_commit', 'data_checksums') order by name`,
  );
  await client.end();
  expect(settings.rows).toEqual([
    { name: 'data_checksums', setting: 'on' },
    { name: 'fsync', setting: 'on' },
    { name: 'full_page_writes', setting: 'on' },
    { name: 'synchronous_commit', setting: 'on' },
  ]);
  const wrong = new URL(database.url);
  wrong.password = 'wrong';
  await expect(new pg.Client({ connectionString: wrong.href }).connect()).rejects.toThrow(
    /password authentication failed/,
  );
});
