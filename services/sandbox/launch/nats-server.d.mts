import type { ServerCommand } from './postgres-server.mjs';

export type NatsBinary = { readonly file: string; readonly version: string };

export type NatsServer = {
  readonly binary: NatsBinary;
  readonly folder: string;
  readonly port: number;
  readonly monitorPort: number;
  /** Of the users of deploy/nats; who is left out cannot connect. */
  readonly passwords?: Readonly<Record<string, string>>;
  /** For tests: adds the user `rollcall`, who may do everything. */
  readonly password?: string;
  /** Names the cluster's stream; `default` when absent. */
  readonly cluster?: string;
  readonly syncAlways?: boolean;
  readonly trace?: boolean;
};

export const natsUsers: readonly string[];

export function natsCommand(server: NatsServer): ServerCommand;
export function natsUrl(access: {
  readonly user?: string;
  readonly password: string;
  readonly port: number;
}): string;
export function natsIsReady(monitorUrl: string): Promise<boolean>;
