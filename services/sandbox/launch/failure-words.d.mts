export function failureWords(log: string): string | undefined;
