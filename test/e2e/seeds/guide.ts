import { describe, expect, test } from 'vitest';
import { until } from '../../support/until.ts';
import { example } from './desk.ts';
import type { Desk } from './desk.ts';

const here = '-n guide';
const pool = 'vmpool/vm-pool-cirros';

/** The user guide's page on pools, from its first command to its last. */
export function guideToPools(desk: Desk): void {
  const machines = () => desk.names('vm', `${here} -l kubevirt.io/vmpool=vm-pool-cirros`);

  describe('the guide to pools', () => {
    test('makes three machines out of the older manifest with running: true', async () => {
      await desk.type('kubectl create namespace guide');
      const older = example('vm-pool-cirros.yaml', (text) =>
        text.replace('runStrategy: Always', 'running: true'),
      );
      expect(await desk.type(`kubectl create ${here} -f -`, older)).toBe(
        'virtualmachinepool.pool.kubevirt.io/vm-pool-cirros created\n',
      );
      await desk.settled(pool, here, 3);
      expect(await machines()).toEqual([
        'vm-pool-cirros-0',
        'vm-pool-cirros-1',
        'vm-pool-cirros-2',
      ]);
    });

    test('describes a pool as it is printed there, with status and events', async () => {
      const told = () => desk.type(`kubectl describe vmpool vm-pool-cirros ${here}`);
      await until('an event for each machine', async () => {
        return (await told()).match(/SuccessfulCreate/g)?.length === 3;
      });
      const text = await told();
      for (const part of describedPool) expect(text).toMatch(part);
      for (const ordinal of [0, 1, 2]) expect(text).toMatch(describedEvent(ordinal));
    });

    test('scales a pool by its scale subresource', async () => {
      const line = `kubectl scale vmpool vm-pool-cirros --replicas 5 ${here}`;
      expect(await desk.type(line)).toBe(
        'virtualmachinepool.pool.kubevirt.io/vm-pool-cirros scaled\n',
      );
      await desk.settled(pool, here, 5);
    });

    test('frees a machine whose owner is taken away: it runs on, whole, and another takes its place', async () => {
      const [before, instance] = [
        await desk.uidOf('vm/vm-pool-cirros-0', here),
        await desk.uidOf('vmi/vm-pool-cirros-0', here),
      ];
      await desk.type(
        `kubectl patch vm vm-pool-cirros-0 --type merge --patch '{"metadata":{"ownerReferences":null}}' ${here}`,
      );
      await until('our finalizer to be gone', async () => {
        const left = await desk.field('vm/vm-pool-cirros-0', here, '.metadata.finalizers');
        return !left.includes('pool.kubevirt.io');
      });
      await until('the next number', async () => (await machines()).includes('vm-pool-cirros-5'));
      await desk.settled(pool, here, 5);
      expect(await machines()).toHaveLength(6);
      expect(await desk.uidOf('vm/vm-pool-cirros-0', here)).toBe(before);
      expect(await desk.uidOf('vmi/vm-pool-cirros-0', here)).toBe(instance);
      expect(await desk.field('vm/vm-pool-cirros-0', here, '.status.printableStatus')).toBe(
        'Running',
      );
    });

    test('keeps the number of a freed machine back for as long as it exists', async () => {
      const freed = await desk.uidOf('vm/vm-pool-cirros-0', here);
      await desk.type(`kubectl scale vmpool vm-pool-cirros --replicas 6 ${here}`);
      await desk.settled(pool, here, 6);
      expect(await machines()).toContain('vm-pool-cirros-6');
      expect(await desk.uidOf('vm/vm-pool-cirros-0', here)).toBe(freed);
    });

    test('lets a freed machine be deleted at once, and gives its number out again', async () => {
      const freed = await desk.uidOf('vm/vm-pool-cirros-0', here);
      await desk.type(`kubectl delete vm vm-pool-cirros-0 ${here} --timeout=20s`);
      await desk.type(`kubectl scale vmpool vm-pool-cirros --replicas 7 ${here}`);
      await desk.settled(pool, here, 7);
      expect(await desk.uidOf('vm/vm-pool-cirros-0', here)).not.toBe(freed);
      expect(await machines()).toHaveLength(7);
    });

    test('frees a machine by kubectl edit, and takes it back when its owner is named again', async () => {
      const member = 'vm/vm-pool-cirros-1';
      const uid = await desk.uidOf(member, here);
      const owners = await desk.field(member, here, '.metadata.ownerReferences');
      const editor = `sed -i "/^  ownerReferences:/,/^    uid:/d"`;
      await desk.type(`KUBE_EDITOR='${editor}' kubectl edit ${member} ${here}`);
      await until('another in its place', async () => (await machines()).length === 8);
      await desk.type(
        `kubectl patch ${member} ${here} --type merge --patch '{"metadata":{"ownerReferences":${owners}}}'`,
      );
      await until('one to go for it', async () => (await machines()).length === 7);
      expect(await machines()).not.toContain('vm-pool-cirros-7');
      expect(await desk.uidOf(member, here)).toBe(uid);
      await until('our finalizer to be back', async () => {
        const kept = await desk.field(member, here, '.metadata.finalizers');
        return kept.includes('pool.kubevirt.io/finalizer');
      });
    });

    test('sets an autoscaler up from the command line, with both kubectl', async () => {
      const line = `kubectl autoscale vmpool vm-pool-cirros --min=3 --max=10 --cpu-percent=50 ${here}`;
      await desk.old.type(line);
      await until('a measured share', async () =>
        /VirtualMachinePool\/vm-pool-cirros\s+cpu: \d+%\/50%\s+3\s+10\s+7/.test(
          await desk.type(`kubectl get hpa vm-pool-cirros ${here}`),
        ),
      );
      await desk.type(`kubectl delete hpa vm-pool-cirros ${here}`);
      expect(await desk.young.type(line)).toContain('vm-pool-cirros autoscaled');
      await desk.type(`kubectl delete hpa vm-pool-cirros ${here}`);
    });

    test('exposes port 22 of the machines as port 2222 of a Service', async () => {
      expect(await desk.type('kubectl get service vm-pool-cirros-ssh')).toMatch(
        /NAME +TYPE +CLUSTER-IP +EXTERNAL-IP +PORT\(S\) +AGE\nvm-pool-cirros-ssh +ClusterIP +\S+ +<none> +2222\/TCP +\S+/,
      );
      const selector = await desk.field('service/vm-pool-cirros-ssh', '', '.spec.selector');
      expect(JSON.parse(selector)).toEqual({ 'kubevirt.io/vmpool': 'vm-pool-cirros' });
      const pods = await desk.lines('kubectl get pods -l kubevirt.io/vmpool=vm-pool-cirros');
      expect(pods.length).toBeGreaterThanOrEqual(3);
    });

    test('gives each machine a ConfigMap and a Secret of its own where asked to', async () => {
      await desk.type(`kubectl create ${here} -f -`, uniquePool);
      await until('two machines', async () => {
        return (await desk.names('vm', `${here} -l pool=unique`)).length === 2;
      });
      expect(await references(desk, 'pool=unique')).toBe(
        'settings-0 settings-1 first-boot-0 first-boot-1',
      );
    });

    test('uses the same ConfigMap and Secret for all machines otherwise', async () => {
      const shared = uniquePool.replaceAll('unique', 'shared').replaceAll(/appendIndex.*/g, '');
      await desk.type(`kubectl create ${here} -f -`, shared);
      await until('two machines', async () => {
        return (await desk.names('vm', `${here} -l pool=shared`)).length === 2;
      });
      expect(await references(desk, 'pool=shared')).toBe('settings settings first-boot first-boot');
    });
  });
}

const describedPool = [
  /^Name: +vm-pool-cirros\nNamespace: +guide\nLabels: +<none>\nAnnotations: +<none>\n/,
  /\nKind: +VirtualMachinePool\n/,
  /\n {2}Virtual Machine Template:\n {4}Metadata:\n {6}Creation Timestamp: +<nil>\n/,
  /\n {6}Running: +true\n/,
  /\n {2}Label Selector: +kubevirt.io\/vmpool=vm-pool-cirros\n/,
  /\n {2}Ready Replicas: +3\n {2}Replicas: +3\n/,
  /\nEvents:\n {2}Type +Reason +Age +From +Message\n/,
];

function describedEvent(ordinal: number): RegExp {
  const message = `Created VM guide/vm-pool-cirros-${ordinal}`;
  return new RegExp(
    `\\n  Normal +SuccessfulCreate +\\S+ +virtualmachinepool-controller +${message}\\n`,
  );
}

/** The ConfigMaps, then the Secrets, that the templates of machines name. */
function references(desk: Desk, label: string): Promise<string> {
  const volumes = '.items[*].spec.template.spec.volumes[*]';
  return desk.type(
    `kubectl get vm ${here} -l ${label} -o jsonpath='{${volumes}.configMap.name} {${volumes}.cloudInitNoCloud.secretRef.name}'`,
  );
}

const uniquePool = `
apiVersion: pool.kubevirt.io/v1alpha1
kind: VirtualMachinePool
metadata:
  name: unique
spec:
  replicas: 2
  selector:
    matchLabels: {pool: unique}
  nameGeneration:
    appendIndexToConfigMapRefs: true
    appendIndexToSecretRefs: true
  virtualMachineTemplate:
    metadata:
      labels: {pool: unique}
    spec:
      runStrategy: Halted
      template:
        metadata:
          labels: {pool: unique}
        spec:
          domain: {devices: {}}
          volumes:
            - name: settings
              configMap: {name: settings}
            - name: first-boot
              cloudInitNoCloud:
                secretRef: {name: first-boot}
`;
