import type { Rollcall } from '../support/start-rollcall.ts';

/** How many entries the book holds, by its own account. */
export async function bookRows(rollcall: Rollcall) {
  const count = async (): Promise<number> => {
    const { stdout } = await rollcall.rollcall(['status', '-o', 'json']);
    const found = /"entries":\s*(\d+)/.exec(stdout);
    if (found === null) throw new Error('the status does not tell the entries of the book');
    return Number(found[1]);
  };
  let last = -1;
  return {
    count,
    /** Whether nothing has come since the last time this was asked. */
    async isStill(): Promise<boolean> {
      const now = await count();
      const still = now === last;
      last = now;
      return still;
    },
  };
}
