import { unreachable } from '#shared/lib/assert.ts';
import { judgeCreation } from './judge-creation.ts';
import { judgeRemoval } from './judge-removal.ts';
import { judgeSize } from './judge-size.ts';
import type { Attribution, Begun } from './rows.ts';
import type { BookState } from './state.ts';
import { objectIn } from './writes.ts';

/**
 * Who began an operation. A source tells of requests, and the API server gives the same version to a
 * request that changed something and to each later one that changed nothing: to be joined by uid and
 * version is not yet to have made it. So `proven` is said only where nothing speaks against it:
 *
 * | what is known                                                     | what is said                 |
 * | ----------------------------------------------------------------- | ---------------------------- |
 * | bound to the version seen before, and nothing in between          | proven                       |
 * | asked for this size as the manager that owns it, alone, in time   | proven                       |
 * | a creation of this uid; a deletion that removed it at once        | proven                       |
 * | asked for another size, or for none; no change of the version     | not named                    |
 * | another manager or subresource than the one that owns the size    | not named                    |
 * | another second than managedFields or deletionTimestamp have       | not named                    |
 * | received after the change was in the log                          | told of, not named           |
 * | the size stood in a version before, that was not seen             | who made that one, no proof  |
 * | managedFields or the source do not tell the manager               | corroborated                 |
 * | seen by a survey, or more than ten seconds after the answer       | corroborated                 |
 * | further changes of the spec were not seen: generation has jumped  | inferred, and how many       |
 * | somebody else may have made it as well                            | inferred, with the other one |
 * | nothing from a source                                             | inferred from managedFields  |
 *
 * What no fact rules out: the writer's event was lost, and at once, before the change was in the log,
 * another user asked for the same size through the same program.
 */
export function attributionFor(state: BookState, begun: Begun): Attribution {
  const { evidence, write, operation } = begun;
  // A command of ours that was carried out needs no witness.
  if (write === undefined || evidence.otherwise.grade === 'proven') return evidence.otherwise;
  const testimonies = state.testimonies.get(write) ?? [];
  switch (operation) {
    case 'found':
      return evidence.otherwise;
    case 'created':
      return judgeCreation(testimonies, begun);
    case 'scaled':
      return judgeSize({ testimonies, told: state.told.get(objectIn(write)) ?? [] }, begun);
    case 'deleted':
    case 'member-replaced':
      return judgeRemoval(testimonies, begun);
    default:
      return unreachable(operation);
  }
}
