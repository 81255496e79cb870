import { readFile } from 'node:fs/promises';

import type { Logger } from '#shared/process/logger.ts';
import { RefusalError } from '#shared/process/refusal.ts';
import type { Audit } from '../http/audit-trail.ts';
import { openAuditSender } from './audit-sender.ts';
import type { AuditSender } from './audit-sender.ts';
import { createAudit } from './create-audit.ts';

export type AuditSettings = {
  readonly auditUrl?: string | undefined;
  readonly auditTokenFile?: string | undefined;
};

/** An audit log that is posted to a URL with the token of a file; undefined where none is wanted. */
export async function openAudit(
  { auditUrl, auditTokenFile }: AuditSettings,
  log: Logger,
): Promise<{ readonly audit: Audit; readonly sender: AuditSender } | undefined> {
  if (auditUrl === undefined || auditTokenFile === undefined) return undefined;
  const token = await readToken(auditTokenFile);
  const sender = openAuditSender({ url: auditUrl, token }, log);
  const clock = { now: () => Date.now() };
  return { audit: createAudit(sender, clock), sender };
}

async function readToken(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new RefusalError(`the token of the audit log cannot be read from ${file}`, { cause });
  });
  const token = text.trim();
  if (token === '') throw new RefusalError(`the token of the audit log in ${file} is empty`);
  return token;
}
