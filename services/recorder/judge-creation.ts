import type { Attribution, Begun, Testimony } from './rows.ts';
import { inferredBeside, inOrder, proven } from './testimony.ts';

/** There is one creation of each uid, so whoever succeeded in it made the object. */
export function judgeCreation(
  testimonies: readonly Testimony[],
  { to, evidence }: Begun,
): Attribution {
  const makers = inOrder(
    testimonies.filter(
      ({ record: { verb, subresource, asked, replicas } }) =>
        verb === 'create' && subresource === undefined && (replicas ?? asked ?? to) === to,
    ),
  );
  const [maker] = makers;
  if (maker === undefined) return evidence.otherwise;
  // Two are not possible; a source that says so is not believed.
  const other = makers.find(({ record }) => record.user !== maker.record.user);
  return other === undefined ? proven(maker) : inferredBeside(maker, other);
}
