import { readFile } from 'node:fs/promises';
import type { Clock } from '#shared/process/clock.ts';
import type { Logger } from '#shared/process/logger.ts';
import { RefusalError } from '#shared/process/refusal.ts';
import type { Tls } from './app.ts';

const lookEachMs = 30_000;

export type TlsFiles = { readonly cert: string; readonly key: string };

/** Throws RefusalError when one of the files cannot be read. */
export async function readTls({ cert, key }: TlsFiles): Promise<Tls> {
  const read = (file: string): Promise<string> =>
    readFile(file, 'utf8').catch((error: unknown) => {
      throw new RefusalError(`the TLS file ${file} cannot be read`, { cause: error });
    });
  return { cert: await read(cert), key: await read(key) };
}

export type CertificateParts = {
  readonly files: TlsFiles;
  /** What the server shows now. */
  readonly shown: Tls;
  /** Has the server show another one; throws for a key that does not fit its certificate. */
  readonly present: (tls: Tls) => void;
  readonly clock: Clock;
  readonly log: Logger;
};

/**
 * Shows a renewed certificate without a restart. Files in the middle of being replaced, or a pair that
 * does not fit, are looked at again later; meanwhile the one that was good is shown.
 */
export async function followCertificate(
  { files, shown, present, clock, log }: CertificateParts,
  signal: AbortSignal,
): Promise<void> {
  let last = shown;
  while (!signal.aborted) {
    await clock.sleep(lookEachMs, signal).catch(() => undefined);
    if (signal.aborted) return;
    try {
      const found = await readTls(files);
      if (found.cert === last.cert && found.key === last.key) continue;
      present(found);
      last = found;
      log.info('shows a renewed certificate');
    } catch (error) {
      log.warn({ err: error }, 'the renewed certificate cannot be used');
    }
  }
}
