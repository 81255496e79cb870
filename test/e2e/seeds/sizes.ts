import { describe, expect, test } from 'vitest';
import { until } from '../../support/until.ts';
import type { Desk } from './desk.ts';

/**
 * Load for machines that the manifests' autoscalers watch. Some wait half a minute or a minute before they
 * believe it, so that other tests come between this and the results.
 */
export function loadOnMachines(desk: Desk): void {
  test('give work to the machines that autoscalers watch', async () => {
    const load = (object: string, knob: string) =>
      desk.type(`kubectl annotate ${object} sandbox.rollcall.dev/${knob}`);
    await load('vm vm-pool-cirros-0', 'cpu=245m');
    await load('vm my-vm-pool-0', 'memory=13Gi');
    await load('vm postgres-cluster-0 -n databases', 'cpu=21');
    await load('vmirs my-vmirs', 'metric.vm_custom_workload=250');
    await load('vmirs batch-workers -n compute', 'cpu=12');
  });
}

/** What the autoscalers have made of that load. */
export function sizesByLoad(desk: Desk): void {
  /** Seconds from an autoscaler's own creation to the event with which it tells of a size. */
  const secondsUntil = async (autoscaler: string, size: string, where = ''): Promise<number> => {
    const line = `kubectl get events ${where} --field-selector involvedObject.name=${autoscaler},reason=SuccessfulRescale -o jsonpath='{range .items[*]}{.firstTimestamp} {.message}{"\\n"}{end}'`;
    let found: string | undefined;
    const told = async () => {
      const events = (await desk.type(line)).split('\n');
      found = events.find((event) => event.includes(size));
      return found !== undefined;
    };
    await until(`${autoscaler} to tell of ${size}`, told, { timeoutMs: 120_000 });
    const created = await desk.field(`hpa/${autoscaler}`, where, '.metadata.creationTimestamp');
    return (Date.parse(found?.split(' ')[0] ?? '') - Date.parse(created)) / 1_000;
  };

  describe('an autoscaler', () => {
    test('of v1 sizes a pool by processor time', async () => {
      await desk.settled('vmpool/vm-pool-cirros', '', 6);
      expect(await desk.type('kubectl get hpa vm-pool-cirros')).toMatch(
        /VirtualMachinePool\/vm-pool-cirros +cpu: \d+%\/50% +3 +10 +6 /,
      );
    });

    test('sizes a pool by memory for each machine', async () => {
      await desk.settled('vmpool/my-vm-pool', '', 4);
      expect(await desk.type('kubectl get hpa vmpool-hpa')).toMatch(
        /cpu: \d+%\/60%, memory: \d+\/6Gi +3 +20 +4 /,
      );
    });

    test('waits half a minute and adds three where it is told so', async () => {
      const where = '-n compute';
      expect(
        await secondsUntil('batch-workers-hpa', 'New size: 8; reason: cpu resource', where),
      ).toBeGreaterThanOrEqual(30);
      await until('eight that run', async () => {
        return (await desk.lines(`kubectl get vmi ${where}`)).length >= 8;
      });
      expect(await desk.type(`kubectl describe hpa batch-workers-hpa ${where}`)).toMatch(
        /Stabilization Window: 30 seconds[^]*Type: Pods +Value: 3 +Period: 60 seconds/,
      );
    });

    test('of v2 waits a minute and adds two, by a metric of the workload', async () => {
      const size = 'New size: 5; reason: pods metric vm_custom_workload above target';
      expect(await secondsUntil('vmirs-hpa', size)).toBeGreaterThanOrEqual(60);
      const text = await desk.type('kubectl describe hpa vmirs-hpa');
      expect(text).toMatch(/"vm_custom_workload" on pods: +250 \/ 100/);
      expect(text).toMatch(/Type: Pods +Value: 2 +Period: 60 seconds/);
      await until('the target in the table', async () =>
        /cpu: \d+%\/70%, 250\/100 +2 +10 +\d/.test(await desk.type('kubectl get hpa vmirs-hpa')),
      );
    });

    test('brings a set back to its lowest size when someone makes it smaller', async () => {
      await desk.type('kubectl scale vmirs my-vmirs --replicas=1');
      await secondsUntil('vmirs-hpa', 'reason: Current number of replicas below Spec.MinReplicas');
    });
  });
}
