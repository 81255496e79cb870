import {
  always,
  atomic,
  flag,
  int32,
  int64,
  intOrText,
  keyedListOf,
  kindShape,
  listOf,
  mapOf,
  oneOf,
  open,
  shape,
  text,
  withDefault,
} from './shapes.ts';
import { conditions, labelSelector, nullableTime, quantities } from './shared-schemas.ts';

/* Pods. What nothing here reads and few people write is open. */

const keySelector = atomic(shape({ name: text, key: text, optional: flag }, ['key']));

const environment = keyedListOf(
  shape(
    {
      name: text,
      value: text,
      valueFrom: shape({
        configMapKeyRef: keySelector,
        secretKeyRef: keySelector,
        fieldRef: atomic(shape({ apiVersion: text, fieldPath: text }, ['fieldPath'])),
        resourceFieldRef: atomic(
          shape({ containerName: text, resource: text, divisor: intOrText }, ['resource']),
        ),
        fileKeyRef: open,
      }),
    },
    ['name'],
  ),
  'name',
);

const namedReference = shape({ name: text, optional: flag });

const resources = shape({
  limits: quantities,
  requests: quantities,
  claims: keyedListOf(shape({ name: text, request: text }, ['name']), 'name'),
});

const httpAction = shape(
  {
    path: text,
    port: intOrText,
    host: text,
    scheme: text,
    httpHeaders: listOf(shape({ name: text, value: text }, ['name', 'value'])),
  },
  ['port'],
);

const handler = {
  exec: shape({ command: listOf(text) }),
  httpGet: httpAction,
  tcpSocket: shape({ port: intOrText, host: text }, ['port']),
};

const probe = shape({
  ...handler,
  grpc: shape({ port: int32, service: text }, ['port']),
  initialDelaySeconds: int32,
  timeoutSeconds: withDefault(int32, 1),
  periodSeconds: withDefault(int32, 10),
  successThreshold: withDefault(int32, 1),
  failureThreshold: withDefault(int32, 3),
  terminationGracePeriodSeconds: int64,
});

const hook = shape({ ...handler, sleep: shape({ seconds: int64 }, ['seconds']) });

const seccompProfile = shape({ type: text, localhostProfile: text }, ['type']);

const containerSecurity = shape({
  allowPrivilegeEscalation: flag,
  appArmorProfile: open,
  capabilities: shape({ add: listOf(text), drop: listOf(text) }),
  privileged: flag,
  procMount: text,
  readOnlyRootFilesystem: flag,
  runAsGroup: int64,
  runAsNonRoot: flag,
  runAsUser: int64,
  seLinuxOptions: open,
  seccompProfile,
  windowsOptions: open,
});

const container = shape(
  {
    name: text,
    image: text,
    imagePullPolicy: oneOf('Always', 'IfNotPresent', 'Never'),
    command: listOf(text),
    args: listOf(text),
    workingDir: text,
    ports: keyedListOf(
      shape(
        {
          name: text,
          containerPort: int32,
          protocol: withDefault(text, 'TCP'),
          hostIP: text,
          hostPort: int32,
        },
        ['containerPort'],
      ),
      'containerPort',
      'protocol',
    ),
    env: environment,
    envFrom: listOf(
      shape({ prefix: text, configMapRef: namedReference, secretRef: namedReference }),
    ),
    resources: always(resources),
    resizePolicy: listOf(open),
    restartPolicy: text,
    restartPolicyRules: listOf(open),
    volumeMounts: keyedListOf(
      shape(
        {
          name: text,
          mountPath: text,
          mountPropagation: text,
          readOnly: flag,
          recursiveReadOnly: text,
          subPath: text,
          subPathExpr: text,
        },
        ['name', 'mountPath'],
      ),
      'mountPath',
    ),
    volumeDevices: keyedListOf(
      shape({ name: text, devicePath: text }, ['name', 'devicePath']),
      'devicePath',
    ),
    livenessProbe: probe,
    readinessProbe: probe,
    startupProbe: probe,
    lifecycle: shape({ postStart: hook, preStop: hook, stopSignal: text }),
    securityContext: containerSecurity,
    stdin: flag,
    stdinOnce: flag,
    tty: flag,
    terminationMessagePath: withDefault(text, '/dev/termination-log'),
    terminationMessagePolicy: withDefault(text, 'File'),
  },
  ['name'],
);

const keyToPath = listOf(shape({ key: text, path: text, mode: int32 }, ['key', 'path']));

/** The sources of a volume are two dozen types with one field each; those in use are known. */
const volume = {
  ...shape(
    {
      name: text,
      configMap: shape({ name: text, items: keyToPath, defaultMode: int32, optional: flag }),
      secret: shape({ secretName: text, items: keyToPath, defaultMode: int32, optional: flag }),
      emptyDir: shape({ medium: text, sizeLimit: intOrText }),
      persistentVolumeClaim: shape({ claimName: text, readOnly: flag }, ['claimName']),
      hostPath: shape({ path: text, type: text }, ['path']),
      projected: open,
      downwardAPI: open,
    },
    ['name'],
  ),
  'x-kubernetes-preserve-unknown-fields': true,
};

const podSecurity = shape({
  appArmorProfile: open,
  fsGroup: int64,
  fsGroupChangePolicy: text,
  runAsGroup: int64,
  runAsNonRoot: flag,
  runAsUser: int64,
  seLinuxChangePolicy: text,
  seLinuxOptions: open,
  seccompProfile,
  supplementalGroups: listOf(int64),
  supplementalGroupsPolicy: text,
  sysctls: listOf(open),
  windowsOptions: open,
});

const toleration = shape({
  key: text,
  operator: text,
  value: text,
  effect: text,
  tolerationSeconds: int64,
});

const spread = shape(
  {
    maxSkew: int32,
    topologyKey: text,
    whenUnsatisfiable: text,
    labelSelector,
    minDomains: int32,
    matchLabelKeys: listOf(text),
    nodeAffinityPolicy: text,
    nodeTaintsPolicy: text,
  },
  ['maxSkew', 'topologyKey', 'whenUnsatisfiable'],
);

const podSpec = shape(
  {
    containers: keyedListOf(container, 'name'),
    initContainers: keyedListOf(container, 'name'),
    ephemeralContainers: keyedListOf(open, 'name'),
    volumes: keyedListOf(volume, 'name'),
    restartPolicy: withDefault(text, 'Always'),
    dnsPolicy: withDefault(text, 'ClusterFirst'),
    dnsConfig: open,
    schedulerName: withDefault(text, 'default-scheduler'),
    securityContext: withDefault(podSecurity, {}),
    terminationGracePeriodSeconds: withDefault(int64, 30),
    activeDeadlineSeconds: int64,
    affinity: shape({ nodeAffinity: open, podAffinity: open, podAntiAffinity: open }),
    automountServiceAccountToken: flag,
    enableServiceLinks: flag,
    hostAliases: keyedListOf(shape({ ip: text, hostnames: listOf(text) }, ['ip']), 'ip'),
    hostIPC: flag,
    hostNetwork: flag,
    hostPID: flag,
    hostUsers: flag,
    hostname: text,
    hostnameOverride: text,
    imagePullSecrets: keyedListOf(atomic(shape({ name: text })), 'name'),
    nodeName: text,
    nodeSelector: atomic(mapOf(text)),
    os: open,
    overhead: quantities,
    preemptionPolicy: text,
    priority: int32,
    priorityClassName: text,
    readinessGates: listOf(open),
    resourceClaims: listOf(open),
    resources,
    runtimeClassName: text,
    schedulingGates: listOf(open),
    serviceAccount: text,
    serviceAccountName: text,
    setHostnameAsFQDN: flag,
    shareProcessNamespace: flag,
    subdomain: text,
    tolerations: listOf(toleration),
    topologySpreadConstraints: keyedListOf(spread, 'topologyKey', 'whenUnsatisfiable'),
    workloadRef: open,
  },
  ['containers'],
);

export const podTemplate = shape({ metadata: open, spec: podSpec });

const containerStatuses = listOf({
  ...shape({
    name: text,
    image: text,
    imageID: text,
    containerID: text,
    ready: flag,
    restartCount: int32,
    started: flag,
    state: open,
    lastState: open,
  }),
  'x-kubernetes-preserve-unknown-fields': true,
});

export const podSchema = kindShape({
  spec: always(podSpec),
  status: always(
    shape({
      phase: text,
      reason: text,
      message: text,
      conditions,
      hostIP: text,
      hostIPs: listOf(open),
      podIP: text,
      podIPs: keyedListOf(shape({ ip: text }, ['ip']), 'ip'),
      startTime: nullableTime,
      qosClass: text,
      nominatedNodeName: text,
      observedGeneration: int64,
      containerStatuses,
      initContainerStatuses: containerStatuses,
      ephemeralContainerStatuses: containerStatuses,
      resize: text,
      resourceClaimStatuses: listOf(open),
    }),
  ),
});
