type Environment = Readonly<Record<string, string | undefined>>;

export function cleanEnvironment(env: Environment): Record<string, string | undefined>;
