import type { Command } from '#shared/contract/commands.ts';
import type { EffectId } from '#shared/contract/ids.ts';
import type { Observable, ScaledSet } from '#shared/contract/objects.ts';
import type { Decided, LogRecord, Settled } from '#shared/contract/records.ts';
import { extraAnnotation, poolFinalizer } from '#shared/contract/words.ts';
import { unreachable } from '#shared/lib/assert.ts';
import { claimNamesFor } from '../names.ts';
import { controllerOf } from '../objects.ts';
import { compareDigests } from '../template.ts';
import type { Dice } from './dice.ts';
import type { ModelCluster } from './model-cluster.ts';
import { writeInModel } from './model-writes.ts';
import { aRevision, aVm, aVmi } from './objects.ts';

export type Job = { readonly plan: Decided; readonly command: Command };
type End = Partial<Settled> & Pick<Settled, 'outcome'>;

/** Carries commands out in any order, each once, checks what the real one checks, and sometimes fails. */
export class ModelExecutor {
  readonly #cluster: ModelCluster;
  readonly #jobs = new Map<EffectId, Job>();
  readonly #beforeCreate: (job: Job) => void;

  constructor(cluster: ModelCluster, beforeCreate: (job: Job) => void) {
    this.#cluster = cluster;
    this.#beforeCreate = beforeCreate;
  }

  get idle(): boolean {
    return this.#jobs.size === 0;
  }

  /** Takes a decision in; what it closes unstarted is settled at once. */
  reads(record: LogRecord): readonly Settled[] {
    if (record.type === 'opened') return this.#close([...this.#jobs.keys()], 'superseded');
    if (record.type !== 'decided' || record.mode !== 'manage') return [];
    const closed = this.#close(record.withdraws ?? [], 'withdrawn');
    for (const command of record.commands) {
      this.#jobs.set(command.effect, { plan: record, command });
    }
    return closed;
  }

  /** Runs one command; `faults` makes some come to nothing. */
  runs(dice: Dice, faults: boolean): Settled | undefined {
    const job = dice.pick([...this.#jobs.values()]);
    if (job === undefined) return undefined;
    this.#jobs.delete(job.command.effect);
    if (faults && dice.oneIn(12))
      return settled(job, { outcome: 'refused', reason: 'QuotaExceeded' });
    if (faults && dice.oneIn(40)) return settled(job, { outcome: 'expired' });
    return settled(job, this.#carryOut(job));
  }

  #close(effects: readonly EffectId[], outcome: Settled['outcome']): readonly Settled[] {
    return effects.flatMap((effect) => {
      const job = this.#jobs.get(effect);
      if (job === undefined) return [];
      this.#jobs.delete(effect);
      return [settled(job, { outcome })];
    });
  }

  #carryOut(job: Job): End {
    const { command, plan } = job;
    const { set } = this.#cluster;
    if (command.verb === 'post-event') return { outcome: 'applied' };
    if (set === undefined) return { outcome: 'stale', reason: 'SetGone' };
    const isPressing =
      command.verb === 'free-member' ||
      command.verb === 'retire-set' ||
      command.verb === 'preserve-disk';
    const isDeleting = set.meta.deletedAt !== undefined;
    if (!isPressing && isDeleting) return { outcome: 'stale', reason: 'SetGone' };
    if (restsWhilePaused.has(command.verb) && set.paused)
      return { outcome: 'stale', reason: 'SetPaused' };
    if (command.verb === 'delete-member' && set.meta.generation !== plan.set.generation) {
      return { outcome: 'stale', reason: 'SetChanged' };
    }
    const stamps = command.verb === 'create-vm' || command.verb === 'update-vm';
    if (stamps && compareDigests(plan.template, set.template?.digest) !== 'same') {
      return { outcome: 'stale', reason: 'SetChanged' };
    }
    return this.#write(job, set);
  }

  #write(job: Job, set: ScaledSet): End {
    const { command } = job;
    const cluster = this.#cluster;
    switch (command.verb) {
      case 'secure-set':
        return done(cluster.update(set, { finalizers: [...set.meta.finalizers, poolFinalizer] }));
      case 'mark-api-version':
        return done(cluster.update(set));
      case 'write-status':
        return done(cluster.update({ ...set, status: command.status }));
      case 'create-revision': {
        const digest = set.template?.digest;
        if (cluster.named('ControllerRevision', command.name)) return nameTaken;
        return done(
          cluster.create(
            aRevision({ ...command, owner: set, ...(digest !== undefined && { digest }) }),
          ),
        );
      }
      case 'create-vm':
      case 'create-vmi':
        return this.#create(job, set);
      case 'delete-member':
      case 'free-member':
        return this.#removeMember(command, set);
      case 'retire-set':
        return {
          outcome: 'applied',
          uid: set.meta.uid,
          resourceVersion: cluster.unfinalize(set, poolFinalizer),
        };
      case 'post-event':
        return { outcome: 'applied' };
      case 'secure-member':
      case 'release-member':
      case 'adopt-member':
      case 'update-vm':
      case 'restart-member':
      case 'label-instance':
      case 'preserve-disk':
      case 'delete-revision':
      case 'roll-back':
        return writeInModel(cluster, set, command);
      default:
        return unreachable(command);
    }
  }

  #create(job: Job, set: ScaledSet): End {
    const { command } = job;
    if (command.verb !== 'create-vm' && command.verb !== 'create-vmi') return nameTaken;
    const kind = command.verb === 'create-vm' ? 'VirtualMachine' : 'VirtualMachineInstance';
    if (this.#cluster.named(kind, command.name) !== undefined) return nameTaken;
    this.#beforeCreate(job);
    if (command.verb === 'create-vmi') {
      return done(this.#cluster.create(aVmi(command.name, { owner: set, effect: command.effect })));
    }
    const names =
      set.template === undefined ? [] : claimNamesFor(set.template, command.ordinal).makes;
    const disks = names.map((name) => ({ name }));
    const { revision, effect, extra } = command;
    const annotations = extra === true ? { [extraAnnotation]: effect } : {};
    const runStrategy = set.template?.runStrategy;
    const ready = { status: 'False' };
    return done(
      this.#cluster.create(
        aVm(command.name, {
          ...{ owner: set, effect, revision, disks, annotations },
          ...(runStrategy !== undefined && { runStrategy, ready }),
        }),
      ),
    );
  }

  #removeMember(
    command: Extract<Command, { verb: 'delete-member' | 'free-member' }>,
    set: ScaledSet,
  ): End {
    const member = this.#cluster.objects.get(command.member.uid);
    if (member === undefined) return { outcome: 'stale', reason: 'MemberGone' };
    if (controllerOf(member.meta)?.uid !== set.meta.uid)
      return { outcome: 'stale', reason: 'NotOwned' };
    const resourceVersion =
      command.verb === 'delete-member'
        ? this.#cluster.remove(member)
        : this.#cluster.unfinalize(member, poolFinalizer);
    return { outcome: 'applied', uid: member.meta.uid, resourceVersion };
  }
}

const restsWhilePaused: ReadonlySet<Command['verb']> = new Set([
  'delete-member',
  'create-revision',
  'create-vm',
  'create-vmi',
  'update-vm',
  'restart-member',
  'label-instance',
  'delete-revision',
]);

const nameTaken: End = { outcome: 'refused', reason: 'NameTaken' };

function done({ meta }: Observable): End {
  return { outcome: 'applied', uid: meta.uid, resourceVersion: meta.resourceVersion };
}

function settled({ plan, command }: Job, end: End): Settled {
  const name =
    'member' in command ? command.member.name : 'name' in command ? command.name : plan.set.name;
  return {
    type: 'settled',
    effect: command.effect,
    set: plan.set,
    verb: command.verb,
    name,
    ...end,
  };
}
