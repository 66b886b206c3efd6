import test from 'ava';
import { CronJob, type ICronJob } from 'kubernetes-models/batch/v1';
import {
  ConfigMap,
  type IConfigMap,
  type ISecret,
  PersistentVolumeClaim,
  Secret,
} from 'kubernetes-models/v1';
import { parseAllDocuments } from 'yaml';
import { type DividedPods, manifests } from '../../src/schedule/kubernetes.ts';

interface Manifest {
  kind: string;
  metadata: { name: string };
}

const MODELS = { CronJob, ConfigMap, Secret, PersistentVolumeClaim };

function objectsOf(changes: Partial<DividedPods> = {}): Manifest[] {
  const text = manifests({
    name: 'cos_sync',
    shards: 4,
    interval: { unit: 'hours', count: 1 },
    timeZone: 'Asia/Shanghai',
    written: {},
    version: '6.1.0',
    path: '/home/conf/cos_sync.yaml',
    ...changes,
  });
  return parseAllDocuments(text).map(document => {
    if (document.errors.length > 0) throw document.errors[0];
    return document.toJS();
  });
}

const one = <Kind>(objects: readonly Manifest[], kind: string) =>
  objects.find(object => object.kind === kind) as Kind & Manifest;

test("each object is what Kubernetes' schemas ask for, whatever the schedule is called", t => {
  for (const name of ['cos_sync', 'A', `Nightly.${'x'.repeat(80)}_`, 'a_-.b']) {
    const objects = objectsOf({ name });
    t.deepEqual(
      objects.map(({ kind }) => kind),
      ['ConfigMap', 'Secret', 'PersistentVolumeClaim', 'PersistentVolumeClaim', 'CronJob'],
    );
    for (const object of objects) {
      const model = new MODELS[object.kind as keyof typeof MODELS](object as never);
      t.notThrows(() => model.validate());
      t.regex(object.metadata.name, /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/);
    }
    t.true(one(objects, 'CronJob').metadata.name.length <= 52);
  }
});

test('a CronJob starts one pod a shard, and never a second round beside the first', t => {
  const objects = objectsOf({ shards: 12, interval: { unit: 'daily', hour: 3, minute: 5 } });
  const { spec } = one<ICronJob>(objects, 'CronJob');
  t.like(spec, { schedule: '5 3 * * *', timeZone: 'Asia/Shanghai', concurrencyPolicy: 'Forbid' });
  const job = spec?.jobTemplate.spec;
  t.like(job, { completionMode: 'Indexed', completions: 12, parallelism: 12 });
  const { containers = [], volumes = [] } = job?.template.spec ?? {};
  t.deepEqual(containers[0]?.args?.slice(-2), ['--shard', '$(JOB_COMPLETION_INDEX)/12']);
  t.deepEqual(
    containers[0]?.volumeMounts?.map(({ name }) => name),
    volumes.map(({ name }) => name),
  );
});

test('the configuration goes along without a secret, and with the place where the folder is mounted', t => {
  const objects = objectsOf({
    written: {
      secret_id: 'AKIDsecret',
      secret_key: 'a secret',
      token: 'a secret',
      proxy: 'http://user:a secret@proxy:1',
      local_path: '/mnt/share',
      bucket: 'b-1250000000',
      exclude: ['*.tmp', "it's: {a}"],
      daemon_mode: 1,
    },
  });
  t.notRegex(JSON.stringify(objects), /a secret|AKIDsecret/);
  t.deepEqual(JSON.parse(one<IConfigMap>(objects, 'ConfigMap').data?.['config.json'] ?? ''), {
    bucket: 'b-1250000000',
    exclude: ['*.tmp', "it's: {a}"],
    local_path: '/data',
  });
  t.deepEqual(Object.keys(one<ISecret>(objects, 'Secret').stringData ?? {}), [
    'COS_SECRET_ID',
    'COS_SECRET_KEY',
  ]);
});
