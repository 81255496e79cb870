import { z } from 'zod';

/**
 * A name as Kubernetes lets it be long, of characters that a database can store: neither zero nor half of
 * a pair. Empty for the namespace of what has none.
 */
export const nameSchema = z.string().regex(/^[^\0\p{Cs}]{0,253}$/u);

/** The uid that Kubernetes gave an object: its identity for life, never reused. */
export const uidSchema = nameSchema.min(1).brand<'Uid'>();
export type Uid = z.infer<typeof uidSchema>;

/** What the id of an effect looks like, for those who only have to know one when they see it. */
export const effectIdPattern = /^[0-9a-f]{8}\.\d+(?:-[0-9a-z]+)?\.\d+\.\d+$/;

/**
 * Names one effect for ever: `<lineage>.<epoch>-<run>.<plan>.<index>`. The same id always means the same
 * command, so an effect that is found done is never done again. The run tells apart epochs of one
 * number: a log that was set back keeps its lineage and gives its sequences out again.
 */
export const effectIdSchema = z.string().regex(effectIdPattern).brand<'EffectId'>();
export type EffectId = z.infer<typeof effectIdSchema>;

/** A shard of the log: `00` … `63`, or `cl` for what belongs to no namespace. */
export const shardSchema = z
  .string()
  .regex(/^(?:[0-5]\d|6[0-3]|cl)$/)
  .brand<'Shard'>();
export type Shard = z.infer<typeof shardSchema>;

/** The four families of records; the last token of a subject. */
export const families = ['fact', 'intake', 'decision', 'outcome'] as const;
export type Family = (typeof families)[number];

/** A resourceVersion as the API server writes it. Rollcall compares them as numbers (KEP-5504). */
export const resourceVersionSchema = z
  .string()
  .regex(/^\d{1,128}$/)
  .brand<'ResourceVersion'>();
export type ResourceVersion = z.infer<typeof resourceVersionSchema>;

/** RFC 3339 time, as Kubernetes writes it. */
export const timeSchema = z.string().min(20);

/**
 * A time that the book keeps as a time: of a day that there is, in the years that Postgres and RFC 3339
 * both know, and in the one spelling that everyone reads alike.
 */
export const instantSchema = z.iso
  .datetime()
  .min(20)
  .max(30)
  .regex(/^(?!0000)/);

const spelledOtherwise = z.iso.datetime({ offset: true });

/** A time of RFC 3339, in another spelling where the book needs one; undefined for anything else. */
export function readInstant(value: unknown): string | undefined {
  const { data } = instantSchema.safeParse(value);
  if (data !== undefined) return data;
  const other = spelledOtherwise.safeParse(value).data;
  if (other === undefined) return undefined;
  return instantSchema.safeParse(new Date(other).toISOString()).data;
}

export function uid(text: string): Uid {
  return uidSchema.parse(text);
}

export function effectId(
  lineage: string,
  plan: { readonly epoch: number; readonly run?: string; readonly plan: number },
  index: number,
): EffectId {
  const epoch = plan.run ? `${plan.epoch}-${plan.run}` : plan.epoch;
  return effectIdSchema.parse(`${lineage}.${epoch}.${plan.plan}.${index}`);
}

/** Below zero when `left` is the older version; resourceVersions may exceed 2^53. */
export function compareResourceVersions(left: ResourceVersion, right: ResourceVersion): number {
  if (left.length !== right.length) return left.length - right.length;
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
