import pg from 'pg';

/** Has a server of a test's own tell each statement, and who it is from, from now on. */
export async function traceStatements(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(`alter system set log_statement = 'all'`);
    await client.query(`alter system set log_line_prefix = '%u|'`);
    await client.query('select pg_reload_conf()');
  } finally {
    await client.end();
  }
}

/** What roles have done, out of the server's log: `role VERB table`. */
export function statementsIn(log: string): ReadonlySet<string> {
  const used = new Set<string>();
  for (const [, role = '', text = ''] of log.matchAll(
    /^rollcall_(\w+)\|LOG: {2}(?:execute [^:]*|statement): ((?:.|\n\t)*)/gm,
  )) {
    const plain = text.replaceAll('"', '').toLowerCase();
    for (const [, verb = '', table = ''] of plain.matchAll(verbs)) {
      used.add(`${role} ${words.get(verb.split(' ')[0] ?? '') ?? ''} ${table}`);
    }
    const [, kept] = /insert into book\.(\w+)[^;]*on conflict[^;]*do update/.exec(plain) ?? [];
    // Postgres asks for SELECT too where rows are found by their columns.
    if (kept !== undefined) used.add(`${role} UPDATE ${kept}`).add(`${role} SELECT ${kept}`);
  }
  return used;
}

const verbs = /(insert into|update|delete from|from|join) book\.(\w+)/g;
const words = new Map([
  ['insert', 'INSERT'],
  ['update', 'UPDATE'],
  ['delete', 'DELETE'],
  ['from', 'SELECT'],
  ['join', 'SELECT'],
]);

/** What roles may do to the book, in the same form. */
export async function grantsOfBook(url: string): Promise<readonly string[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ right: string }>(
      `select replace(grantee, 'rollcall_', '') || ' ' || privilege_type || ' ' || table_name as right
       from information_schema.role_table_grants
       where table_schema = 'book' and grantee like 'rollcall\\_%' order by 1`,
    );
    return rows.map(({ right }) => right);
  } finally {
    await client.end();
  }
}
