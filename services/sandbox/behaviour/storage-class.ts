import type { Scene } from './scene.ts';

/** The class of a claim that names none. Every class named is served, whether there is such an object. */
export const defaultClass = 'standard';

export function ensureDefaultClass({ mirror, hands }: Scene): void {
  if (mirror.see('StorageClass', '', defaultClass) !== undefined) return;
  hands.create('StorageClass', 'sandbox-provisioner', {
    namespace: '',
    body: {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: {
        name: defaultClass,
        annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' },
      },
      provisioner: provisioner,
      reclaimPolicy: 'Delete',
      volumeBindingMode: 'Immediate',
    },
  });
}

export const provisioner = 'sandbox.rollcall.dev';
