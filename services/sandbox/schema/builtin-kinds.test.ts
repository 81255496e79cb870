import { expect, it } from 'vitest';

import { builtinDefinitions } from './builtin-kinds.ts';
import { checkObject } from './check-object.ts';
import { loadCrds } from './load-crds.ts';

it('gives each kind the short names and subresources of a real cluster', () => {
  const rows = builtinDefinitions.map(({ plural, shortNames, namespaced, versions }) => [
    plural,
    shortNames.join(),
    namespaced,
    versions[0]?.status,
  ]);
  expect(rows).toEqual([
    ['namespaces', 'ns', false, true],
    ['secrets', '', true, false],
    ['configmaps', 'cm', true, false],
    ['services', 'svc', true, true],
    ['events', 'ev', true, false],
    ['persistentvolumeclaims', 'pvc', true, true],
    ['persistentvolumes', 'pv', false, true],
    ['controllerrevisions', '', true, false],
    ['leases', '', true, false],
    ['customresourcedefinitions', 'crd,crds', false, true],
    ['storageclasses', 'sc', false, false],
    ['pods', 'po', true, true],
    ['nodes', 'no', false, true],
    ['serviceaccounts', 'sa', true, false],
    ['deployments', 'deploy', true, true],
    ['horizontalpodautoscalers', 'hpa', true, true],
    ['poddisruptionbudgets', 'pdb', true, true],
    ['networkpolicies', 'netpol', true, false],
    ['roles', '', true, false],
    ['rolebindings', '', true, false],
    ['clusterroles', '', false, false],
    ['clusterrolebindings', '', false, false],
    ['validatingwebhookconfigurations', '', false, false],
    ['tokenreviews', '', false, false],
    ['selfsubjectreviews', '', false, false],
    ['subjectaccessreviews', '', false, false],
    ['localsubjectaccessreviews', '', true, false],
    ['selfsubjectaccessreviews', '', false, false],
    ['selfsubjectrulesreviews', '', false, false],
  ]);
});

it('accepts an event as controllers write it', () => {
  const event = {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: 'e' },
    involvedObject: { kind: 'VirtualMachinePool', name: 'p', uid: 'u' },
    reason: 'SuccessfulCreate',
    message: 'Created VM default/p-0',
    type: 'Normal',
    count: 1,
    source: { component: 'virtualmachinepool-controller' },
    firstTimestamp: '2026-11-21T10:00:00Z',
    lastTimestamp: '2026-11-21T10:00:00Z',
    eventTime: null,
    reportingComponent: '',
    reportingInstance: '',
  };
  expect(checkAs('Event', event)).toEqual({ object: event, causes: [], unknown: [] });
});

it('keeps the data of a revision whatever it is', () => {
  const revision = { data: { spec: { any: [null, 1] } }, revision: 3 };
  expect(checkAs('ControllerRevision', revision).object).toEqual(revision);
});

it('names a misspelt field', () => {
  const claim = { spec: { accesModes: ['ReadWriteOnce'] } };
  expect(checkAs('PersistentVolumeClaim', claim).unknown).toEqual(['spec.accesModes']);
});

it('accepts every definition of a custom resource that is delivered', () => {
  const root = new URL('../../../', import.meta.url).pathname;
  const folders = ['deploy/crds', 'services/sandbox/crds'];
  const crds = folders.flatMap((folder) => loadCrds(`${root}/${folder}`));
  expect(crds).toHaveLength(5);
  for (const crd of crds) {
    const { causes, unknown } = checkAs('CustomResourceDefinition', crd);
    expect({ causes, unknown }).toEqual({ causes: [], unknown: [] });
  }
});

function checkAs(kind: string, object: unknown): ReturnType<typeof checkObject> {
  const version = builtinDefinitions.find((one) => one.kind === kind)?.versions[0];
  if (version === undefined) throw new Error(`${kind} is not built in`);
  return checkObject(version, object);
}
