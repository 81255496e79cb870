import type { Attributes } from '../access/attributes.ts';
import type { Verdict } from '../access/authorizer.ts';
import type { Caller } from '../store/types.ts';

/** A request as someone who keeps an audit log is told of it when it arrives. */
export type AuditedRequest = {
  /** Also in the answer's header `audit-id`. */
  readonly auditId: string;
  readonly receivedMs: number;
  /** Path and query. */
  readonly uri: string;
  readonly userAgent: string;
  readonly sourceIp: string;
  /** Who proved to be the sender. */
  readonly user: Caller;
  /** For whom the sender spoke. */
  readonly impersonated?: Caller;
  /** Verb, and the resource or the path. */
  readonly attributes: Attributes;
  /** What the rights of the sender, or of whom it speaks for, say to it. */
  readonly verdict: Verdict;
};

/** What becomes of one request. */
export type AuditTrail = {
  /** The body, decoded; for a patch the patch itself. */
  readonly requested: (object: unknown) => void;
  /** A watch has begun. */
  readonly started: (code: number) => void;
  /** The answer is about to be sent, or a watch has ended. */
  readonly completed: (code: number, object?: unknown) => void;
};

/** Called once for each request; undefined where nobody wants to know of it. */
export type Audit = (request: AuditedRequest) => AuditTrail | undefined;
