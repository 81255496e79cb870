import type { Cluster } from '#shared/cluster/cluster.ts';

export type Sightings = Disposable & {
  /** When the machine of that name is seen for the first time. */
  next(name: string): Promise<number>;
};

/** Watches machines come, as anybody may; the times are those of this process. */
export async function watchCreations(cluster: Cluster, namespace: string): Promise<Sightings> {
  const waiting = new Map<string, (at: number) => void>();
  const stop = new AbortController();
  const page = await cluster.list('VirtualMachine', { limit: 1 });
  if (!page.ok) throw new Error('the cluster does not list machines');
  const from = { resourceVersion: page.value.resourceVersion, timeoutSeconds: 3_600 };
  void (async () => {
    for await (const item of cluster.watch('VirtualMachine', from, stop.signal)) {
      if (item.type !== 'ADDED' || item.object.metadata?.namespace !== namespace) continue;
      waiting.get(item.object.metadata.name ?? '')?.(performance.now());
    }
  })();
  return {
    next: (name) => new Promise((resolve) => void waiting.set(name, resolve)),
    [Symbol.dispose]: () => stop.abort(),
  };
}
