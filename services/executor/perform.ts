import type { Job } from './backlog.ts';
import type { Again, Result } from './call.ts';
import { createRevision } from './effects/create-revision.ts';
import { createVm } from './effects/create-vm.ts';
import { createVmi } from './effects/create-vmi.ts';
import { deleteMember } from './effects/delete-member.ts';
import type { Hands } from './effects/effect.ts';
import { freeMember } from './effects/free-member.ts';
import { markApiVersion, secureSet } from './effects/mark-set.ts';
import { postNotice } from './effects/post-event.ts';
import { retireSet } from './effects/retire-set.ts';
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
    case 'write-status':
      return writeStatus(hands, { ...job, command });
    case 'post-event':
      return postNotice(hands.cluster, { job, notice: command.notice, nowMs });
  }
}
