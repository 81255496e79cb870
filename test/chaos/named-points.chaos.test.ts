import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRandom } from '../simulation/random.ts';
import type { Random } from '../simulation/random.ts';
import { PointedDrill, wordingOf } from './named-points.ts';
import type { Deed, Point } from './named-points.ts';
import { healthy, proofOf, undisturbed } from './proof.ts';
import { announce, isLong, seed } from './settings.ts';

/** SIGKILL where it hurts: just before a deed is done, and between the deed and the word of it. */

const [peak, rest] = [20, 5];

let pointed: PointedDrill;

beforeAll(async () => {
  announce('deaths at named points');
  pointed = await PointedDrill.start();
});

afterAll(async () => {
  await pointed?.[Symbol.asyncDispose]();
});

const everyService: readonly Deed[] = ['call', 'decision', 'fact', 'commit'];
const aLate: readonly Deed[] = ['outcome'];
const moments = ['before', 'after'] as const;

/** What happens on the way out, and what on the way in. */
type Case = { readonly name: string; readonly ways: readonly (readonly Point[])[] };

/**
 * The launcher waits longer before each start of the same process, so the short form has each point once,
 * by chance on the way out or on the way in.
 */
function cases(random: Random): readonly Case[] {
  const at = (deeds: readonly Deed[], moment: Point['moment']): readonly Point[] =>
    deeds.map((deed) => ({ deed, moment }));
  return [everyService, aLate].flatMap((deeds) => {
    const ways = moments.map((moment) => at(deeds, moment));
    const turned = ways.toReversed();
    const name = deeds === aLate ? 'outcome' : 'every-service';
    const both = { name: `${name}-turned`, ways: turned };
    if (isLong) return [{ name, ways }, both];
    return [random.chance(0.5) ? { name, ways } : both];
  });
}

test.each(cases(createRandom(seed)))(
  'death before and after the deeds of $name leaves no mark',
  async ({ name, ways }) => {
    const { drill } = pointed;
    await drill.make({ name });
    for (const [way, points] of ways.entries()) {
      const size = way === 0 ? peak : rest;
      for (const point of points) pointed.arm(point);
      await drill.scale(name, size);
      await drill.settles(name, size);
      expect(pointed.struck().toSorted()).toEqual(points.map(wordingOf).toSorted());
    }
    expect(await proofOf(drill, name)).toEqual(undisturbed(peak, rest));
    expect(await drill.health()).toEqual(healthy);
  },
);
