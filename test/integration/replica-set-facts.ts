import { observedSchema, recordSchema } from '#shared/contract/records.ts';
import type { LogRecord } from '#shared/contract/records.ts';
import { kinds } from '#shared/contract/kinds.ts';
import { apiVersionAnnotations, effectAnnotation } from '#shared/contract/words.ts';
import type { Command } from '#shared/contract/commands.ts';

const hmac = '0'.repeat(64);
const labels = { app: 'web' };

/** A replica set that has been marked, so that its size is all there is to do. */
export function aReplicaSet(of: {
  readonly name: string;
  readonly replicas: number;
  readonly version: number;
}): LogRecord {
  const digest = { keyId: 'k', algorithm: 1, vmiMetadata: hmac, vmiSpec: hmac, volumes: {} };
  return observedSchema.parse({
    type: 'observed',
    object: {
      kind: 'VirtualMachineInstanceReplicaSet',
      meta: {
        ...aMeta(of.name, of.version),
        generation: of.replicas,
        annotations: apiVersionAnnotations,
      },
      replicas: of.replicas,
      paused: false,
      selector: { matchLabels: labels },
      template: { digest, labels, vmiLabels: labels, disks: [], claims: [] },
      status: {},
    },
  });
}

/** The VMI that a command makes, as the watcher would see it. */
export function theVmiOf(
  command: Extract<Command, { verb: 'create-vmi' }>,
  set: { readonly name: string; readonly version: number },
): LogRecord {
  const owner = {
    apiVersion: 'kubevirt.io/v1',
    kind: 'VirtualMachineInstanceReplicaSet',
    name: set.name,
    uid: `uid-of-${set.name}`,
    controller: true,
  };
  return observedSchema.parse({
    type: 'observed',
    object: {
      kind: 'VirtualMachineInstance',
      meta: {
        ...aMeta(command.name, set.version),
        labels,
        annotations: { [effectAnnotation]: command.effect },
        owners: [owner],
      },
      phase: 'Running',
      claims: [],
    },
  });
}

/** Proof of what the namespace holds of every kind: nothing. */
export function emptySurveys(): readonly LogRecord[] {
  return kinds.flatMap((kind) => [
    recordSchema.parse({ type: 'survey-began', kind, id: 'first' }),
    recordSchema.parse({ type: 'surveyed', kind, id: 'first', resourceVersion: '1', count: 0 }),
  ]);
}

function aMeta(name: string, version: number) {
  return {
    namespace: 'demo',
    name,
    uid: `uid-of-${name}`,
    resourceVersion: String(version),
    createdAt: '2026-11-21T00:00:00Z',
    labels: {},
    annotations: {},
    finalizers: [],
    owners: [],
  };
}
