import type { PostgresBinaries } from './postgres-server.mjs';
import type { NatsBinary } from './nats-server.mjs';

export type TestPrograms = {
  /** The folder that holds them, for `ROLLCALL_BIN`. */
  readonly bin: string;
  readonly node: string;
  readonly kubectl: string;
  readonly nats: NatsBinary;
  readonly postgres: PostgresBinaries;
};

export function testPrograms(): Promise<TestPrograms>;
