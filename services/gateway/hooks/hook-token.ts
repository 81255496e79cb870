import { createHash, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Clock } from '#shared/process/clock.ts';
import { RefusalError } from '#shared/process/refusal.ts';

const rereadEachMs = 5_000;

/** A token that a hook's caller and the gateway share; whoever has it may deliver. */
export interface HookToken {
  /** Takes as long for a token that is nearly right as for any other. */
  fits(authorization: string | undefined): Promise<boolean>;
}

/** Read from a file, and again after a token that did not fit: a rotated one is found by itself. */
export async function openHookToken(file: string, clock: Clock): Promise<HookToken> {
  let wanted = await readToken(file);
  let readAt = clock.monotonicMs();
  return {
    async fits(authorization) {
      const given = /^bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
      if (given === undefined) return false;
      if (isEqual(given, wanted)) return true;
      const now = clock.monotonicMs();
      if (now - readAt < rereadEachMs) return false;
      readAt = now;
      // A file in the middle of being replaced: the token that was good stays.
      wanted = await readToken(file).catch(() => wanted);
      return isEqual(given, wanted);
    },
  };
}

async function readToken(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new RefusalError(`the token file ${file} cannot be read`, { cause: error });
  });
  const token = text.trim();
  if (token.length >= 16 && !/\s/.test(token)) return token;
  throw new RefusalError(`the token file ${file} must hold one token of 16 characters or more`);
}

/** Digests have one length, so that not even the length of the token can be measured. */
function isEqual(left: string, right: string): boolean {
  return timingSafeEqual(digestOf(left), digestOf(right));
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
