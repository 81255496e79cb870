/** A time as Kubernetes writes it into objects: RFC 3339 in UTC, whole seconds. */
export function rfc3339(ms: number): string {
  return `${new Date(Math.floor(ms / 1000) * 1000).toISOString().slice(0, 19)}Z`;
}
