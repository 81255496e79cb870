import { formatAge } from '../times.ts';
import { reaching, unseen } from './examination.ts';
import type { Check } from './examination.ts';

/** Audit events come in batches, and late ones within half a minute. */
const lateMs = 120_000;

const remedy =
  'see that the API server runs with the policy and webhook of deploy/audit, and that it reaches the gateway';

/** Without a source that tells who did what, names in the history are inferred. */
export const auditSource: Check = {
  name: 'audit source',
  judge({ audit, now }) {
    if (!audit.ok) return unseen(audit.problem, reaching.book);
    const { toldAt, operatedAt } = audit.value;
    if (toldAt === undefined) {
      const found = 'no source has ever told who did something: names in the history are inferred';
      return [{ level: operatedAt === undefined ? 'ok' : 'warn', found, remedy }];
    }
    const age = formatAge(now.getTime() - toldAt.getTime());
    if (operatedAt !== undefined && operatedAt.getTime() - toldAt.getTime() > lateMs) {
      const found = `silent for ${age}, while sets were changed after that`;
      return [{ level: 'warn', found, remedy }];
    }
    return [{ level: 'ok', found: `told something ${age} ago` }];
  },
};
