import type { Migration } from 'kysely/migration';
import * as roles from './0001-roles.ts';
import * as book from './0002-book.ts';
import * as surveys from './0003-surveys.ts';
import * as attribution from './0004-attribution.ts';
import * as rights from './0005-rights.ts';
import * as positionHash from './0006-position-hash.ts';
import * as disksOfMembers from './0007-disks-of-members.ts';
import * as evidence from './0008-evidence.ts';
import * as voided from './0009-voided.ts';
import * as rests from './0010-rests.ts';

/** Applied in the order of their names, each once. A name that has been released never changes. */
export const migrations: Readonly<Record<string, Migration>> = {
  '0001-roles': roles,
  '0002-book': book,
  '0003-surveys': surveys,
  '0004-attribution': attribution,
  '0005-rights': rights,
  '0006-position-hash': positionHash,
  '0007-disks-of-members': disksOfMembers,
  '0008-evidence': evidence,
  '0009-voided': voided,
  '0010-rests': rests,
};
