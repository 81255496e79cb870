import { describe, expect, test } from 'vitest';
import { until } from '../../support/until.ts';
import { example } from './desk.ts';
import type { Desk } from './desk.ts';

const here = '-n ops';
const inOps = (text: string) => text.replace('namespace: default', 'namespace: ops');

/** The list of everyday commands, line by line as it is printed. */
export function everydayCommands(desk: Desk): void {
  describe('everyday commands on a replica set', () => {
    test('list it by its short and its long name', async () => {
      await desk.type('kubectl create namespace ops');
      await desk.type('kubectl create -f -', example('my-vmirs.yaml', inOps));
      await desk.settled('vmirs/my-vmirs', here, 3);
      const columns = /^NAME +DESIRED +CURRENT +READY +AGE\nmy-vmirs +3 +3 +3 +\S+\n$/;
      expect(await desk.type(`kubectl get vmirs ${here}`)).toMatch(columns);
      expect(await desk.type(`kubectl get virtualmachineinstancereplicaset ${here}`)).toMatch(
        columns,
      );
    });

    test('describe it with its status and its events', async () => {
      const told = () => desk.type(`kubectl describe vmirs my-vmirs ${here}`);
      await until('its events', async () => {
        return (await told()).match(/SuccessfulCreate/g)?.length === 3;
      });
      const text = await told();
      expect(text).toMatch(/\n {2}Available Replicas: +3\n/);
      expect(text).toMatch(/\n {2}Label Selector: +kubevirt.io\/vmirs=my-vmirs\n/);
      expect(text).toMatch(/\n {2}Ready Replicas: +3\n {2}Replicas: +3\n/);
      expect(text).toMatch(
        /\n {2}Normal +SuccessfulCreate +\S+ +virtualmachinereplicaset-controller +Started the virtual machine/,
      );
    });

    test('scale it', async () => {
      await desk.type(`kubectl scale vmirs my-vmirs --replicas=5 ${here}`);
      await desk.settled('vmirs/my-vmirs', here, 5);
      await desk.type(`kubectl scale vmirs my-vmirs --replicas=2 ${here}`);
      await desk.settled('vmirs/my-vmirs', here, 2);
    });

    test('patch its size', async () => {
      await desk.type(
        `kubectl patch vmirs my-vmirs ${here} \\\n --type=merge -p '{"spec":{"replicas":5}}'`,
      );
      await desk.settled('vmirs/my-vmirs', here, 5);
    });

    test('list its instances by their label', async () => {
      expect(
        await desk.lines(`kubectl get vmi ${here} -l "kubevirt.io/vmirs=my-vmirs"`),
      ).toHaveLength(5);
      expect(await desk.type(`kubectl get vmi ${here}`)).toMatch(
        /^NAME +AGE +PHASE +IP +NODENAME +READY\nmy-vmirs\w{5} +\S+ +Running +\d+\.\d+\.\d+\.\d+ +\S+ +True\n/,
      );
    });

    test('print ready and present in one word', async () => {
      expect(
        await desk.type(
          `kubectl get vmirs my-vmirs ${here} \\\n -o jsonpath='{.status.readyReplicas}/{.status.replicas}'`,
        ),
      ).toBe('5/5');
    });

    test('pause it, so that nothing is made or removed until it goes on', async () => {
      const pause = (paused: boolean) =>
        desk.type(
          `kubectl patch vmirs my-vmirs ${here} \\\n --type=merge -p '{"spec":{"paused":${paused}}}'`,
        );
      await pause(true);
      await until('the condition', async () => {
        const condition = '.status.conditions[?(@.type=="ReplicaPaused")].status';
        return (await desk.field('vmirs/my-vmirs', here, condition)) === 'True';
      });
      const before = await desk.names('vmi', here);
      await desk.type(`kubectl scale vmirs my-vmirs --replicas=1 ${here}`);
      await until('the change to be seen', () => observed(desk, 'vmirs/my-vmirs'));
      expect(await desk.names('vmi', here)).toEqual(before);
      await pause(false);
      await desk.settled('vmirs/my-vmirs', here, 1);
      expect(await desk.field('vmirs/my-vmirs', here, '.status.conditions')).not.toContain(
        '"type":"ReplicaPaused","status":"True"',
      );
    });

    test('watch it and its instances', async () => {
      // `watch -n 2` types this again and again.
      const seen = await desk.type(`kubectl get vmirs ${here} && kubectl get vmi ${here}`);
      expect(seen).toMatch(/^NAME +DESIRED[^]*\nNAME +AGE +PHASE/);
    });
  });

  describe('everyday commands on a pool', () => {
    test('list it by its short and its long name', async () => {
      await desk.type('kubectl create -f -', example('my-vm-pool.yaml', inOps));
      await desk.settled('vmpool/my-vm-pool', here, 3);
      const columns = /^NAME +DESIRED +CURRENT +READY +AGE\nmy-vm-pool +3 +3 +3 +\S+\n$/;
      expect(await desk.type(`kubectl get vmpool ${here}`)).toMatch(columns);
      expect(await desk.type(`kubectl get virtualmachinepool ${here}`)).toMatch(columns);
    });

    test('scale it', async () => {
      await desk.type(`kubectl scale vmpool my-vm-pool --replicas=5 ${here}`);
      await desk.settled('vmpool/my-vm-pool', here, 5);
      expect(await desk.type(`kubectl describe vmpool my-vm-pool ${here}`)).toMatch(
        /\n {2}Replicas: +5\n/,
      );
    });

    test('list its machines and instances by their label', async () => {
      const machines = await desk.names('vm', `${here} -l "kubevirt.io/vmpool=my-vm-pool"`);
      expect(machines).toEqual([0, 1, 2, 3, 4].map((ordinal) => `my-vm-pool-${ordinal}`));
      expect(
        await desk.lines(`kubectl get vmi ${here} -l "kubevirt.io/vmpool=my-vm-pool"`),
      ).toHaveLength(5);
    });

    test('print columns of their own choice', async () => {
      const table = await desk.type(
        `kubectl get vm ${here} -l "kubevirt.io/vmpool=my-vm-pool" \\\n -o custom-columns='NAME:.metadata.name,STATUS:.status.printableStatus,READY:.status.ready'`,
      );
      expect(table).toMatch(/^NAME +STATUS +READY\n(my-vm-pool-\d +Running +true\n){5}$/);
    });

    test('pause it, so that nothing is made or removed until it goes on', async () => {
      const pause = (paused: boolean) =>
        desk.type(
          `kubectl patch vmpool my-vm-pool ${here} --type=merge -p '{"spec":{"paused":${paused}}}'`,
        );
      await pause(true);
      await desk.type(`kubectl scale vmpool my-vm-pool --replicas=3 ${here}`);
      await until('the change to be seen', () => observed(desk, 'vmpool/my-vm-pool'));
      const condition = '.status.conditions[?(@.type=="ReplicaPaused")].status';
      expect(await desk.field('vmpool/my-vm-pool', here, condition)).toBe('True');
      expect(await desk.lines(`kubectl get vm ${here}`)).toHaveLength(5);
      await pause(false);
      await desk.settled('vmpool/my-vm-pool', here, 3);
    });

    test('leave the machines alone under OnDelete, and update one that is deleted', async () => {
      const cores = () => desk.field('vm', here, '.items[*].spec.template.spec.domain.cpu.cores');
      await desk.type(
        `kubectl patch vmpool my-vm-pool ${here} --type=merge -p '{"spec":{"updateStrategy":{"type":"OnDelete","rollingUpdate":null},"template":{"spec":{"template":{"spec":{"domain":{"cpu":{"cores":2}}}}}}}}'`,
      );
      await until('the change to be seen', () => observed(desk, 'vmpool/my-vm-pool'));
      expect(await cores()).toBe('4 4 4');
      const before = await desk.uidOf('vm/my-vm-pool-2', here);
      await desk.type(`kubectl delete vm my-vm-pool-2 ${here}`);
      await until('the same name again', async () => {
        return !['', before].includes(await desk.uidOf('vm/my-vm-pool-2', here));
      });
      await desk.settled('vmpool/my-vm-pool', here, 3);
      expect(await cores()).toBe('4 4 2');
    });

    test('list its events in the order in which they came', async () => {
      const listed = await desk.type(
        `kubectl get events ${here} \\\n --field-selector involvedObject.name=my-vm-pool \\\n --sort-by='.metadata.creationTimestamp'`,
      );
      expect(listed).toMatch(/^LAST SEEN +TYPE +REASON +OBJECT +MESSAGE\n/);
      const told = [...listed.matchAll(/virtualmachinepool\/my-vm-pool +(\w+ VM) ops\//g)];
      expect(told.slice(0, 5).map(([, words]) => words)).toEqual(Array(5).fill('Created VM'));
      expect(told.slice(5, 7).map(([, words]) => words)).toEqual(Array(2).fill('Deleted VM'));
      expect(told.slice(7).map(([, words]) => words)).toEqual(['Created VM']);
    });
  });

  describe('a size that is changed faster than it can be had', () => {
    test('from 5 to 2 to 3 leaves the three lowest numbers', async () => {
      const scale = (size: number) => `kubectl scale vmpool my-vm-pool --replicas=${size} ${here}`;
      await desk.type(scale(5));
      await desk.settled('vmpool/my-vm-pool', here, 5);
      await desk.type(`${scale(2)} && ${scale(3)}`);
      await desk.settled('vmpool/my-vm-pool', here, 3);
      expect(await desk.names('vm', here)).toEqual([
        'my-vm-pool-0',
        'my-vm-pool-1',
        'my-vm-pool-2',
      ]);
      await until('the disks of the others to be gone', async () => {
        return (await desk.names('pvc', here)).join() === 'rootdisk-0,rootdisk-1,rootdisk-2';
      });
    });

    test('from 1 to 60 to 1 in a second turns back, and nothing stays behind', async () => {
      const scale = (size: number) => `kubectl scale vmirs my-vmirs --replicas=${size} ${here}`;
      await desk.type(`${scale(60)} && sleep 0.5 && ${scale(1)}`);
      await desk.settled('vmirs/my-vmirs', here, 1);
      await until('one instance', async () => {
        return (await desk.names('vmi', `${here} -l kubevirt.io/vmirs=my-vmirs`)).length === 1;
      });
    });
  });
}

/** Whether the status speaks of the newest spec. */
async function observed(desk: Desk, set: string): Promise<boolean> {
  const [wanted, seen] = [
    await desk.field(set, here, '.metadata.generation'),
    await desk.field(set, here, '.status.observedGeneration'),
  ];
  return wanted === seen;
}
