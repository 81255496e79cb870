import type { Pool } from '#shared/contract/objects.ts';
import { poolMemberName } from '../names.ts';
import { desiredOf, isNameKnown, namedAs } from '../objects.ts';
import { isBeyond } from '../pool/extra.ts';
import { poolMembers } from '../pool/members.ts';
import { poolState } from '../pool/round.ts';
import { takenDisk } from '../pool/scale-out.ts';
import { standingOf } from '../replicaset/standing.ts';
import { compareDigests } from '../template.ts';
import { finding, withVerb, type Checked } from './checked.ts';

/** I3, I10: never more than wanted, on free names and free disks, from the set's template. */
export function checkCreates(checked: Checked): readonly string[] {
  const { view, set, decided } = checked;
  const creates = withVerb(checked, 'create-vm', 'create-vmi');
  const revisions = withVerb(checked, 'create-revision');
  if (creates.length + revisions.length === 0) return [];
  const { namespace } = set.meta;
  const kind = set.kind === 'VirtualMachinePool' ? 'VirtualMachine' : 'VirtualMachineInstance';
  return [
    ...finding(
      creates.length > 0 && standingWith(checked) + creates.length > targetOf(checked),
      'I3 members would be more than wanted',
    ),
    ...finding(
      compareDigests(decided.template, set.template?.digest) !== 'same',
      "I10 the plan's template is not the set's",
    ),
    ...creates.flatMap(({ name }) =>
      finding(isNameKnown(view, kind, { namespace, name }), `I10 the name ${name} is not free`),
    ),
    ...revisions.flatMap(({ name }) =>
      finding(
        isNameKnown(view, 'ControllerRevision', { namespace, name }),
        `I10 the name ${name} is not free`,
      ),
    ),
    ...(set.kind === 'VirtualMachinePool' ? checkPoolCreates(checked, set) : []),
  ];
}

/** What the set shall have now: in a roll-out a pool has extra members. */
function targetOf(checked: Checked): number {
  const { set } = checked;
  if (set.kind !== 'VirtualMachinePool') return desiredOf(set);
  return poolState({ ...checked, set }).count.target;
}

/** What the set has and gets already, by the count that its kind goes by. */
function standingWith(checked: Checked): number {
  const { set } = checked;
  if (set.kind === 'VirtualMachinePool') {
    const members = poolMembers({ ...checked, set });
    return members.all.length + members.coming;
  }
  const standing = standingOf({ ...checked, set });
  return standing.counted + standing.coming;
}

function checkPoolCreates(checked: Checked, pool: Pool): readonly string[] {
  const { view, mode } = checked;
  const { template } = pool;
  const creates = withVerb(checked, 'create-vm');
  const tooMany = finding(
    creates.filter(({ extra }) => extra === true).length > extrasToCome(checked, pool),
    'I34 more members would be extra than the roll-out may have',
  );
  const each = creates.flatMap(({ name, ordinal, revision, extra }) => {
    const place = { namespace: pool.meta.namespace, name: revision };
    const isKept = namedAs(view, 'ControllerRevision', place).some(
      (object) =>
        object.kind === 'ControllerRevision' &&
        object.meta.owners.some(({ uid }) => uid === pool.meta.uid) &&
        compareDigests(object.digest, template?.digest) === 'same',
    );
    const taken =
      template === undefined ? undefined : takenDisk({ view, set: pool }, template, ordinal);
    return [
      ...finding(
        name !== poolMemberName(pool.meta.name, ordinal),
        `I10 ${name} is not the name of ordinal ${ordinal}`,
      ),
      ...finding(
        mode === 'manage' && !isKept,
        `I10 revision ${revision} does not keep the template`,
      ),
      ...finding(taken !== undefined, `I10 ${name} would use another owner's disk`),
      ...finding(
        extra === true && !isBeyond(pool, ordinal),
        `I34 ${name} would be an extra member where another belongs`,
      ),
    ];
  });
  return [...tooMany, ...each];
}

function extrasToCome(checked: Checked, set: Pool): number {
  const { members, count } = poolState({ ...checked, set });
  const extras = members.extras.size + members.extrasComing;
  return Math.max(0, count.target - count.desired - extras);
}
