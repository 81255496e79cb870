import { beforeAll, describe, expect, test } from 'vitest';
import { until } from '../../support/until.ts';
import type { Desk } from './desk.ts';

const here = '-n cautions';

/** What the texts warn of: what is not given, what does not fit, what should not be shared. */
export function cautions(desk: Desk): void {
  const condition = (set: string, type: string) =>
    desk.field(set, here, `.status.conditions[?(@.type=="${type}")].reason`);
  const warnings = async (set: string): Promise<string> => {
    const [kind = '', name = ''] = set.split('/');
    const selector = `involvedObject.kind=${kinds[kind]},involvedObject.name=${name},type=Warning`;
    return desk.type(`kubectl get events ${here} --field-selector ${selector}`);
  };

  describe('a set', () => {
    beforeAll(async () => {
      await desk.type('kubectl create namespace cautions');
      await desk.type(`kubectl create ${here} -f -`, sets);
    });

    test.each(['vmpool/single', 'vmirs/single'])('%s has one member if not told', async (set) => {
      await until('one member', async () => {
        return (await desk.field(set, here, '.status.readyReplicas')) === '1';
      });
      expect(await desk.field(set, here, '.spec.replicas')).toBe('');
    });

    test.each([
      ['a pool', pool('mismatched', 'others', 'mismatched')],
      ['a replica set', replicaSet('mismatched', ['others', 'mismatched'])],
    ])('%s is refused while its selector does not match its template', async (_what, text) => {
      const { code, stderr } = await desk.old.attempt(`kubectl create ${here} -f -`, text);
      expect(code).not.toBe(0);
      expect(stderr).toContain('the selector does not match the labels of the template');
    });

    test('vmirs/sharing is warned that its instances would write to one claim', async () => {
      await until('its condition', async () => {
        return (await condition('vmirs/sharing', 'VolumeSafety')) === 'SharedVolumes';
      });
      await until('its event', async () => {
        return (await warnings('vmirs/sharing')).includes('SharedVolumes');
      });
    });

    test('a replica set keeps the selector that it was made with', async () => {
      const { code, stderr } = await desk.old.attempt(
        `kubectl patch vmirs single ${here} --type=merge -p '{"spec":{"selector":{"matchLabels":{"of":"others"}},"template":{"metadata":{"labels":{"of":"others"}}}}}'`,
      );
      expect(code).not.toBe(0);
      expect(stderr).toContain('spec.selector');
    });
  });
}

const kinds: Readonly<Record<string, string>> = {
  vmpool: 'VirtualMachinePool',
  vmirs: 'VirtualMachineInstanceReplicaSet',
};

function pool(name: string, selected: string, labelled: string): string {
  return `
apiVersion: pool.kubevirt.io/v1alpha1
kind: VirtualMachinePool
metadata: {name: ${name}}
spec:
  selector: {matchLabels: {of: ${selected}}}
  virtualMachineTemplate:
    metadata: {labels: {of: ${labelled}}}
    spec:
      runStrategy: Always
      template:
        metadata: {labels: {of: ${labelled}}}
        spec: {domain: {devices: {}}}
`;
}

function replicaSet(name: string, labels: readonly [string, string], volumes = '[]'): string {
  return `
apiVersion: kubevirt.io/v1
kind: VirtualMachineInstanceReplicaSet
metadata: {name: ${name}}
spec:
  selector: {matchLabels: {of: ${labels[0]}}}
  template:
    metadata: {labels: {of: ${labels[1]}}}
    spec:
      domain: {devices: {}}
      volumes: ${volumes}
`;
}

const sets = [
  pool('single', 'single-pool', 'single-pool'),
  replicaSet('single', ['single-set', 'single-set']),
  replicaSet(
    'sharing',
    ['sharing', 'sharing'],
    '[{name: data, persistentVolumeClaim: {claimName: shared}}]',
  ),
].join('---');
