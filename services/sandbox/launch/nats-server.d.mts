import type { ServerCommand } from './postgres-server.mjs';

export type NatsBinary = { readonly file: string; readonly version: string };

export type NatsServer = {
  readonly binary: NatsBinary;
  readonly folder: string;
  readonly port: number;
  readonly monitorPort: number;
  readonly password: string;
  readonly syncAlways?: boolean;
};

export function natsCommand(server: NatsServer): ServerCommand;
export function natsUrl(server: Pick<NatsServer, 'password' | 'port'>): string;
export function natsIsReady(monitorUrl: string): Promise<boolean>;
