import type { Job } from './backlog.ts';
import type { Again, Result } from './call.ts';
import { adoptMember } from './effects/adopt-member.ts';
import { createRevision } from './effects/create-revision.ts';
import { createVm } from './effects/create-vm.ts';
import { createVmi } from './effects/create-vmi.ts';
import { deleteMember } from './effects/delete-member.ts';
import { deleteRevision } from './effects/delete-revision.ts';
import type { Hands } from './effects/effect.ts';
import { freeMember } from './effects/free-member.ts';
import { labelInstance } from './effects/label-instance.ts';
import { markApiVersion, secureSet } from './effects/mark-set.ts';
import { postNotice } from './effects/post-event.ts';
import { preserveDisk } from './effects/preserve-disk.ts';
import { releaseMember } from './effects/release-member.ts';
import { restartMember } from './effects/restart-member.ts';
import { retireSet } from './effects/retire-set.ts';
import { rollBack } from './effects/roll-back.ts';
import { secureMember } from './effects/secure-member.ts';
import { updateVm } from './effects/update-vm.ts';
import { writeStatus } from './effects/write-status.ts';

/** From verb to effect: one call, or the few that one command takes. */
export function perform(hands: Hands, job: Job, nowMs: number): Promise<Result | Again> {
  const { command } = job;
  switch (command.verb) {
    case 'secure-set':
      return secureSet(hands, { ...job, command });
    case 'mark-api-version':
      return markApiVersion(hands, { ...job, command });
    case 'create-revision':
      return createRevision(hands, { ...job, command });
    case 'create-vm':
      return createVm(hands, { ...job, command });
    case 'create-vmi':
      return createVmi(hands, { ...job, command });
    case 'delete-member':
      return deleteMember(hands, { ...job, command });
    case 'free-member':
      return freeMember(hands, { ...job, command });
    case 'retire-set':
      return retireSet(hands, { ...job, command });
    case 'secure-member':
      return secureMember(hands, { ...job, command });
    case 'release-member':
      return releaseMember(hands, { ...job, command });
    case 'adopt-member':
      return adoptMember(hands, { ...job, command });
    case 'update-vm':
      return updateVm(hands, { ...job, command });
    case 'restart-member':
      return restartMember(hands, { ...job, command });
    case 'label-instance':
      return labelInstance(hands, { ...job, command });
    case 'preserve-disk':
      return preserveDisk(hands, { ...job, command });
    case 'delete-revision':
      return deleteRevision(hands, { ...job, command });
    case 'roll-back':
      return rollBack(hands, { ...job, command });
    case 'write-status':
      return writeStatus(hands, { ...job, command });
    case 'post-event':
      return postNotice(hands.cluster, { job, notice: command.notice, nowMs });
  }
}
