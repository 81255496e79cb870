import { expect, test } from 'vitest';
import type { TemplateDigest } from '#shared/contract/objects.ts';
import { extraAnnotation } from '#shared/contract/words.ts';
import { diceOf } from '../testing/dice.ts';
import { Model } from '../testing/model.ts';
import { aDigest, aPool, aTemplate } from '../testing/objects.ts';

const seeds = Array.from({ length: 12 }, (_, seed) => seed);
const scaleIns = ['DescendingOrder', 'Oldest', 'Newest', 'AscendingOrder', 'Random'] as const;

function templateOf(version: number): ReturnType<typeof aTemplate> {
  const digest: TemplateDigest = { ...aDigest(), vmiSpec: aDigest(`v${version}`).vmiSpec };
  return aTemplate({ digest, runStrategy: 'Always' });
}

test.each(seeds)(
  'members that go during roll-outs come back on their own ordinals, and the extra ones go (seed %i)',
  { timeout: 30_000 },
  (seed) => {
    const dice = diceOf(seed);
    const sort = scaleIns[seed % scaleIns.length] ?? 'Oldest';
    const pool = aPool({
      ...{ finalizers: [], replicas: 4, template: templateOf(0) },
      update: { type: 'proactive', maxUnavailable: seed % 2, maxSurge: 1 + (seed % 3) },
      scaleIn: { type: 'proactive', selection: { sort } },
    });
    const model = new Model(seed, pool).run(0);
    for (let round = 1; round <= 6; round += 1) {
      model.edits({ template: templateOf(dice.below(3)) }).goesOn(dice.below(120));
      const member = dice.pick(model.cluster.ofKind('VirtualMachine'));
      if (member !== undefined && dice.oneIn(2)) model.cluster.remove(member);
      model.goesOn(dice.below(120));
    }
    model.run(0);
    expect(model.members().toSorted()).toEqual(['web-0', 'web-1', 'web-2', 'web-3']);
    const marks = model.cluster.ofKind('VirtualMachine').map(({ meta }) => meta.annotations);
    expect(marks.filter((annotations) => extraAnnotation in annotations)).toEqual([]);
  },
);
