import type { ICronJob } from 'kubernetes-models/batch/v1';
import type { IConfigMap, IPersistentVolumeClaim, ISecret } from 'kubernetes-models/v1';
import { stringify } from 'yaml';
import { SECRET_KEYS } from '../config/schema.ts';
import { fieldsOf } from './cron.ts';
import type { Interval } from './interval.ts';
import { markOf, type Step } from './job.ts';

/** A folder that is synced by as many pods as it has shards. */
export interface DividedPods {
  name: string;
  shards: number;
  interval: Interval;
  /** That its times are in, as IANA names it. */
  timeZone: string;
  /** What the configuration file holds. */
  written: Readonly<Record<string, unknown>>;
  /** Of the program. */
  version: string;
  path: string;
}

/** What the Secret gives each pod, with values to replace. */
export const SECRET_ENVIRONMENT = { COS_SECRET_ID: 'SecretId', COS_SECRET_KEY: 'SecretKey' };
const HOME = '/var/lib/cos_sync';
const DATA = '/data';
/** The image's user: dist/container. */
const USER = 65_532;
/** The exit code of a refused configuration, which all shards have. */
const REFUSED = [2];
/** That of a missing or emptied folder, or a ledger that is damaged or divided otherwise: it takes a person. */
const UNSAFE = [4];
/** Attempts of each shard besides the first. */
const ATTEMPTS = 3;
/** Seconds that a run has to end in order. */
const GRACE = 120;

/** What makes Kubernetes run it: a CronJob of Indexed Jobs, with what they need. */
export function kubernetesInstallation(pods: DividedPods): Step[] {
  return [
    { do: 'write', path: pods.path, text: manifests(pods), encoding: 'utf8' },
    { do: 'run', command: ['kubectl', 'apply', '--filename', pods.path] },
  ];
}

/**
 * The objects as one file of YAML.
 * Source: https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ and /job/ (Indexed, podFailurePolicy)
 */
export function manifests(pods: DividedPods): string {
  const name = kubernetesName(pods.name);
  const documents: [string, object][] = [
    [
      'The configuration without its secrets, nor a proxy with a password; local_path is where the folder is mounted.',
      configMap(name, pods),
    ],
    [
      'The key pair of a sub-account. With credentials "tke" (the role of a service account) it is not needed: ' +
        'set serviceAccountName below.',
      secret(name),
    ],
    [
      'The ledgers, locks, logs and histories of all shards: a storage class that several nodes can write to.',
      claim(`${name}-home`, 'ReadWriteMany', '10Gi'),
    ],
    ['The folder that is synced, as every node sees it.', claim(`${name}-data`, 'ReadOnlyMany', '1Ti')],
    [
      `One pod a shard. Once by hand: kubectl create job --from=cronjob/${name} ${name}-now`,
      cronJob(name, pods),
    ],
  ];
  const texts = documents.map(([comment, one]) => `# ${comment}\n${stringify(one, { lineWidth: 0 })}`);
  return `# ${markOf(pods.name)}\n${texts.join('---\n')}`;
}

/** Lower case, digits and `-`, at most 52: a CronJob adds eleven. */
function kubernetesName(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 52)
    .replace(/-+$/, '');
}

function configMap(name: string, { written }: DividedPods): IConfigMap {
  const kept = Object.entries(written).filter(([key, value]) => !isLeftOut(key, value));
  const text = JSON.stringify({ ...Object.fromEntries(kept), local_path: DATA }, null, 2);
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { 'config.json': `${text}\n` } };
}

/** Secrets, a proxy's password among them, and what has no place in one run of a shard. */
function isLeftOut(key: string, value: unknown): boolean {
  if (key === 'proxy') return String(value).includes('@');
  return [...SECRET_KEYS, 'local_path', 'shard', 'daemon_mode', 'watch'].includes(key);
}

function secret(name: string): ISecret {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name },
    stringData: SECRET_ENVIRONMENT,
  };
}

function claim(
  name: string,
  mode: 'ReadWriteMany' | 'ReadOnlyMany',
  storage: string,
): IPersistentVolumeClaim {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name },
    spec: { accessModes: [mode], resources: { requests: { storage } } },
  };
}

function cronJob(name: string, { shards, interval, timeZone, version }: DividedPods): ICronJob {
  return {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name },
    spec: {
      schedule: fieldsOf(interval),
      timeZone,
      // A run that is still under way goes on, and the next waits for its time.
      concurrencyPolicy: 'Forbid',
      jobTemplate: {
        spec: {
          completionMode: 'Indexed',
          completions: shards,
          parallelism: shards,
          backoffLimitPerIndex: ATTEMPTS,
          podFailurePolicy: {
            rules: [
              { action: 'FailJob', onExitCodes: { operator: 'In', values: REFUSED } },
              { action: 'FailIndex', onExitCodes: { operator: 'In', values: UNSAFE } },
              // A node that is drained or fails is no failure of the run.
              { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
            ],
          },
          template: {
            spec: {
              restartPolicy: 'Never',
              terminationGracePeriodSeconds: GRACE,
              securityContext: { runAsNonRoot: true, runAsUser: USER, runAsGroup: USER, fsGroup: USER },
              containers: [
                {
                  name: 'cos-sync',
                  image: `cos_sync:${version}`,
                  args: ['sync', '--quiet', '--no-progress', '--shard', `$(JOB_COMPLETION_INDEX)/${shards}`],
                  envFrom: [{ secretRef: { name, optional: true } }],
                  volumeMounts: [
                    { name: 'home', mountPath: HOME },
                    { name: 'conf', mountPath: `${HOME}/conf`, readOnly: true },
                    { name: 'data', mountPath: DATA, readOnly: true },
                  ],
                },
              ],
              volumes: [
                { name: 'home', persistentVolumeClaim: { claimName: `${name}-home` } },
                { name: 'conf', configMap: { name } },
                { name: 'data', persistentVolumeClaim: { claimName: `${name}-data`, readOnly: true } },
              ],
            },
          },
        },
      },
    },
  };
}
