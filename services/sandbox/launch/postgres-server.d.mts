export type PostgresBinaries = { readonly folder: string; readonly version: string };

export type ServerCommand = {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** The whole environment; that of this process when left out. */
  readonly env?: Readonly<Record<string, string>>;
  readonly uid?: number;
  readonly gid?: number;
};

type Cluster = {
  readonly binaries: PostgresBinaries;
  readonly folder: string;
  /** False is for tests only. */
  readonly durable: boolean;
};

export function makeDatabaseCluster(
  cluster: Cluster & { readonly password: string },
): Promise<void>;
export function postgresCommand(cluster: Cluster & { readonly port: number }): ServerCommand;
export function postgresIsReady(folder: string, pid: number): boolean;
export function postgresUrl(access: {
  readonly password: string;
  readonly port: number;
  readonly user?: string;
  readonly database?: string;
}): string;
