import type { FastifyReply, FastifyRequest } from 'fastify';
import type { SetKind } from '#shared/contract/kinds.ts';
import { admit } from '#shared/core/admission/admit.ts';
import type { App } from '../app.ts';
import { HttpProblem } from '../problem.ts';
import { answerTo } from './answer.ts';
import { foreseenLoss } from './foresight.ts';
import type { Foresight } from './foresight.ts';
import { readReview } from './review.ts';

/** An object may have 1.5 MB in etcd, and a review holds it twice. */
const mostBytes = 8 * 1024 * 1024;

const doors: Readonly<Record<SetKind, string>> = {
  VirtualMachinePool: '/admission/pools',
  VirtualMachineInstanceReplicaSet: '/admission/replicasets',
};

/**
 * What the API server asks before it stores a set. It brings no proof of who it is, so an answer tells
 * nothing to whoever could not see the set anyway; see foresight.ts for the disks.
 */
export function addAdmissionDoors(app: App, foresight: Foresight): void {
  addDoor(app, 'VirtualMachinePool', foresight);
  addDoor(app, 'VirtualMachineInstanceReplicaSet', foresight);
}

function addDoor(app: App, kind: SetKind, foresight: Foresight): void {
  app.route({
    method: 'POST',
    url: doors[kind],
    bodyLimit: mostBytes,
    schema: { hide: true },
    handler: async (request: FastifyRequest, reply: FastifyReply) => {
      const review = readReview(request.body);
      if (review === undefined) {
        throw new HttpProblem(400, 'This takes an AdmissionReview of admission.k8s.io/v1.');
      }
      // A Scale has no spec to judge.
      const judged =
        review.subresource === '' ? admit({ ...review, kind }) : { causes: [], warnings: [] };
      // Instances own no disks, and what is refused costs none.
      const isCostly = kind === 'VirtualMachinePool' && judged.causes.length === 0;
      const lost = isCostly ? await foreseenLoss(foresight, review) : [];
      await reply
        .code(200)
        .send(answerTo(review, kind, { ...judged, warnings: [...judged.warnings, ...lost] }));
    },
  });
}
