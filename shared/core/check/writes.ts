import type { Command } from '#shared/contract/commands.ts';
import type { Uid } from '#shared/contract/ids.ts';
import type { Observable, Revision, Vm, Vmi } from '#shared/contract/objects.ts';
import { revisionLabel, rollBackAnnotation } from '#shared/contract/words.ts';
import { ordinalOf } from '../names.ts';
import { controllerOf, isTerminating, ownedBy } from '../objects.ts';
import { isDetachedFrom } from '../pool/detached.ts';
import { isMarkedExtra } from '../pool/extra.ts';
import { hasPoolFinalizer } from '../pool/members.ts';
import { mayRestart } from '../pool/run-strategy.ts';
import { parseSelector, selectorMatches } from '../selector.ts';
import { compareDigests } from '../template.ts';
import { finding, withVerb, type Checked } from './checked.ts';

/** I24 … I30: writes on what stands: on our own alone, and on nothing that is going. */
export function checkWrites(checked: Checked): readonly string[] {
  return [
    ...withVerb(checked, 'secure-member').flatMap((command) => checkSecure(checked, command)),
    ...withVerb(checked, 'release-member').flatMap((command) => checkRelease(checked, command)),
    ...withVerb(checked, 'adopt-member').flatMap((command) => checkAdopt(checked, command)),
    ...withVerb(checked, 'update-vm').flatMap((command) => checkUpdate(checked, command)),
    ...withVerb(checked, 'restart-member').flatMap((command) => checkRestart(checked, command)),
    ...withVerb(checked, 'label-instance').flatMap((command) => checkLabel(checked, command)),
    ...withVerb(checked, 'preserve-disk').flatMap((command) => checkPreserve(checked, command)),
    ...withVerb(checked, 'delete-revision').flatMap((command) => checkPrune(checked, command)),
    ...withVerb(checked, 'roll-back').flatMap((command) => checkRollBack(checked, command)),
  ];
}

type Of<V extends Command['verb']> = Extract<Command, { verb: V }>;

function checkSecure(checked: Checked, { member }: Of<'secure-member'>): readonly string[] {
  const { name } = member;
  const vm = livingVm(checked, member);
  if (vm === undefined) return [`I24 ${name} is no living VM of the set`];
  return [
    ...finding(!isOwn(checked, vm), `I24 ${name} is not owned by the set`),
    ...finding(hasPoolFinalizer(vm), `I24 ${name} has our finalizer already`),
    ...ofStandingSet(checked, `I24 ${name}`),
  ];
}

function checkRelease(checked: Checked, { member }: Of<'release-member'>): readonly string[] {
  const { view, set } = checked;
  const found = objectOf(checked, member);
  if (found?.kind !== 'VirtualMachine' && found?.kind !== 'VirtualMachineInstance') {
    return [`I25 ${member.name} is not a member that the view knows`];
  }
  const isDetached =
    found.kind === 'VirtualMachine' &&
    set.kind === 'VirtualMachinePool' &&
    isDetachedFrom(view, set, found);
  const isStray = isOwn(checked, found) && !matches(checked, found);
  return [
    // A terminating member is let go, with its disks told.
    ...finding(isTerminating(found), `I25 ${member.name} is released while it is going`),
    ...finding(
      !isDetached && !isStray,
      `I25 ${member.name} still belongs to the set, or never did`,
    ),
    ...ofStandingSet(checked, `I25 ${member.name}`),
  ];
}

function checkAdopt(checked: Checked, { member }: Of<'adopt-member'>): readonly string[] {
  const { set } = checked;
  const { name } = member;
  const vmi = objectOf(checked, member);
  if (set.kind !== 'VirtualMachineInstanceReplicaSet') return [`I26 a pool adopts ${name}`];
  if (vmi?.kind !== 'VirtualMachineInstance') return [`I26 ${name} is no VMI that the view knows`];
  return [
    ...finding(controllerOf(vmi.meta) !== undefined, `I26 ${name} has a controller`),
    ...finding(isTerminating(vmi), `I26 ${name} is adopted while it is going`),
    ...finding(!matches(checked, vmi), `I26 the selector does not match ${name}`),
    ...ofStandingSet(checked, `I26 ${name}`),
  ];
}

function checkUpdate(checked: Checked, command: Of<'update-vm'>): readonly string[] {
  const { decided, set } = checked;
  const { name } = command.member;
  const vm = livingVm(checked, command.member);
  if (vm === undefined) return [`I27 ${name} is no living VM of the set`];
  const kept = ownRevision(checked, ({ meta }) => meta.name === command.revision);
  const isKept = compareDigests(kept?.digest, set.template?.digest) === 'same';
  return [
    ...finding(!isOwn(checked, vm), `I27 ${name} is not owned by the set`),
    ...finding(
      command.ordinal !== (ordinalOf(vm.meta.name) ?? 0),
      `I27 ${command.ordinal} is not the ordinal of ${name}`,
    ),
    ...finding(
      compareDigests(decided.template, set.template?.digest) !== 'same',
      `I27 the plan's template is not the set's`,
    ),
    ...finding(
      checked.mode === 'manage' && !isKept,
      `I27 revision ${command.revision} does not keep the template`,
    ),
    ...finding(
      command.from !== undefined && command.from !== vm.meta.labels[revisionLabel],
      `I27 ${name} is not stamped from ${command.from ?? ''}`,
    ),
    ...finding(
      command.stays === true && !isMarkedExtra(vm),
      `I34 ${name} is told to stay and was never extra`,
    ),
    ...ofActiveSet(checked, `I27 ${name}`),
  ];
}

function checkRestart(checked: Checked, command: Of<'restart-member'>): readonly string[] {
  const { member, instance } = command;
  const vm = livingVm(checked, member);
  const vmi = objectOf(checked, instance);
  if (vm === undefined) return [`I27 ${member.name} is no living VM of the set`];
  if (vmi?.kind !== 'VirtualMachineInstance') return [`I27 ${instance.name} is not known`];
  return [
    ...finding(!isOwn(checked, vm), `I27 ${member.name} is not owned by the set`),
    ...finding(
      vm.meta.labels[revisionLabel] !== command.revision,
      `I27 ${member.name} is restarted before it is updated`,
    ),
    ...finding(
      controllerOf(vmi.meta)?.uid !== vm.meta.uid,
      `I27 ${instance.name} (${instance.uid}) is not run by ${member.name}`,
    ),
    ...finding(isTerminating(vmi), `I27 ${instance.name} is restarted while it is going`),
    ...finding(!mayRestart(vm, vmi), `I27 ${instance.name} is taken down and would stay down`),
    ...ofActiveSet(checked, `I27 ${member.name}`),
  ];
}

function checkLabel(checked: Checked, command: Of<'label-instance'>): readonly string[] {
  const { instance, revision } = command;
  const vmi = objectOf(checked, instance);
  const controller = vmi === undefined ? undefined : controllerOf(vmi.meta)?.uid;
  const vm = controller === undefined ? undefined : checked.view.objects.get(controller);
  if (vm?.kind !== 'VirtualMachine') return [`I27 ${instance.name} is run by no VM that is known`];
  return [
    ...finding(!isOwn(checked, vm), `I27 ${instance.name} is not of the set`),
    ...finding(
      vm.meta.labels[revisionLabel] !== revision,
      `I27 ${instance.name} is labelled before its VM is`,
    ),
    ...ofActiveSet(checked, `I27 ${instance.name}`),
  ];
}

function checkPreserve(checked: Checked, { member, disk }: Of<'preserve-disk'>): readonly string[] {
  const vm = objectOf(checked, member);
  const object = objectOf(checked, disk);
  const isDisk = object !== undefined && object.kind === disk.kind;
  const isHeld = isDisk && object.meta.owners.some(({ uid }) => uid === member.uid);
  return [
    ...finding(!isHeld, `I28 ${disk.name} (${disk.uid}) is not a disk of ${member.name}`),
    ...finding(
      vm?.kind !== 'VirtualMachine' || !isTerminating(vm),
      `I28 ${disk.name} is kept though ${member.name} is not going`,
    ),
    ...finding(
      vm !== undefined && !isOwn(checked, vm) && !isDetached(checked, vm),
      `I28 ${member.name} is not owned by the set`,
    ),
  ];
}

function checkPrune(checked: Checked, { name, uid }: Of<'delete-revision'>): readonly string[] {
  const { view, set } = checked;
  const revision = ownRevision(checked, ({ meta }) => meta.uid === uid && meta.name === name);
  if (revision === undefined) return [`I29 ${name} (${uid}) is no revision of the set`];
  const isUsed = [...(view.owned.get(set.meta.uid) ?? [])].some(
    (member) => view.objects.get(member)?.meta.labels[revisionLabel] === name,
  );
  const others = ownRevision(
    checked,
    ({ meta, digest }) =>
      meta.uid !== uid && compareDigests(digest, set.template?.digest) === 'same',
  );
  const isCurrent = compareDigests(revision.digest, set.template?.digest) === 'same';
  return [
    ...finding(isUsed, `I29 a member is stamped from revision ${name}`),
    ...finding(isCurrent && others === undefined, `I29 nothing else keeps the template of ${name}`),
    ...ofActiveSet(checked, `I29 revision ${name}`),
  ];
}

function checkRollBack(checked: Checked, { revision }: Of<'roll-back'>): readonly string[] {
  const { set } = checked;
  const known = ownRevision(checked, ({ meta }) => meta.uid === revision.uid);
  return [
    ...finding(
      known?.meta.name !== revision.name,
      `I30 ${revision.name} is no revision of the set`,
    ),
    ...finding(
      set.meta.annotations[rollBackAnnotation] !== revision.name,
      `I30 nobody asks for ${revision.name}`,
    ),
    ...ofStandingSet(checked, 'I30 the set'),
  ];
}

type Target = { readonly name: string; readonly uid: Uid };

/** The object of that uid, if it is called so. */
function objectOf({ view }: Checked, { name, uid }: Target): Observable | undefined {
  const object = view.objects.get(uid);
  return object?.meta.name === name ? object : undefined;
}

function livingVm(checked: Checked, target: Target): Vm | undefined {
  const vm = objectOf(checked, target);
  return vm?.kind === 'VirtualMachine' && !isTerminating(vm) ? vm : undefined;
}

function isOwn({ set }: Checked, { meta }: Observable): boolean {
  return controllerOf(meta)?.uid === set.meta.uid;
}

function isDetached({ view, set, decided }: Checked, object: Observable): boolean {
  if (decided.set.gone === true) return true;
  if (object.kind !== 'VirtualMachine' || set.kind !== 'VirtualMachinePool') return false;
  return isDetachedFrom(view, set, object);
}

/** A selector that cannot be read neither takes a member in nor leaves one out. */
function matches({ set }: Checked, { meta }: Vm | Vmi): boolean {
  const selector = set.selector === undefined ? undefined : parseSelector(set.selector);
  if (selector === undefined || 'problem' in selector) return true;
  return selectorMatches(selector, meta.labels);
}

function ownRevision(
  { view, set }: Checked,
  fits: (revision: Revision) => boolean,
): Revision | undefined {
  if (set.kind !== 'VirtualMachinePool') return undefined;
  return ownedBy(view, set.meta.uid).find(
    (object): object is Revision =>
      object.kind === 'ControllerRevision' && !isTerminating(object) && fits(object),
  );
}

function ofStandingSet({ set }: Checked, what: string): readonly string[] {
  return finding(isTerminating(set), `${what} is written in a set that is being deleted`);
}

function ofActiveSet(checked: Checked, what: string): readonly string[] {
  return [
    ...ofStandingSet(checked, what),
    ...finding(checked.paused, `${what} is written in a paused set`),
  ];
}
