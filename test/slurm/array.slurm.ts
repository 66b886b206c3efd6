import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { shardOf } from '../../src/engine/local/shard.ts';
import type { Step } from '../../src/schedule/job.ts';
import { sandbox } from '../support/sandbox.ts';
import { testWhere } from '../support/test-where.ts';
import { until } from '../support/until.ts';
import { contentOf, noCluster, startCluster } from './cluster.ts';

const SHARDS = 4;
const FOLDERS = 24;
const LONG = 300_000;

testWhere(noCluster() === '', noCluster())(
  'an array of four shards syncs a folder, though one of its jobs is killed and queued again',
  async t => {
    const cluster = await startCluster(t);
    if (!cluster) return t.pass('no cluster comes up here');
    const box = await sandbox(t);
    for (let folder = 0; folder < FOLDERS; folder++)
      for (let file = 0; file < 5; file++) box.write(`${folder}/${file}.txt`, `${folder} ${file}`);
    const steps: Step[] = JSON.parse(
      (await box.run('schedule', 'print', '--kind', 'slurm', '--shards', `${SHARDS}`, '--json')).stdout,
    ).steps;
    for (const step of steps) if (step.do === 'write') writeFileSync(step.path, step.text);

    // The job whose folder this is waits for an answer while the others end.
    let isHeld = true;
    let held = 0;
    box.proxy.fault = ({ method, path }) => {
      if (!isHeld || method !== 'PUT' || !path.endsWith('/7/3.txt')) return undefined;
      held++;
      return { kind: 'hang' };
    };
    cluster.call('/bin/sh', join(box.home, 'conf', 'cos_sync.slurm.sh'));
    const isOfArray = (id: string) => id.includes('_');
    await until(() => held > 0 && [...cluster.jobs().keys()].filter(isOfArray).length === 1, LONG);
    const [job = ''] = [...cluster.jobs().keys()].filter(isOfArray);
    cluster.call('scontrol', 'requeue', job);
    isHeld = false;
    await until(() => cluster.jobs().size === 0, LONG);

    const expected = Array.from({ length: FOLDERS }, (_, folder) => [
      `backup/${folder}/`,
      ...Array.from({ length: 5 }, (_, file) => `backup/${folder}/${file}.txt`),
    ]);
    t.deepEqual(await box.keys(), expected.flat().sort());
    const sent = box.proxy.requests
      .filter(({ method, path }) => method === 'PUT' && path.endsWith('.txt'))
      .map(({ path }) => path.split('/').slice(2).join('/'));
    const shards = sent
      .filter((path, index) => sent.indexOf(path) !== index)
      .map(path => shardOf(path.split('/')[0]!, SHARDS));
    t.deepEqual([...new Set(shards)], [shardOf('7', SHARDS)], 'what the others sent was sent once');
    const log = join(box.home, 'log');
    const summary = readdirSync(log).find(name => name.endsWith('-summary.log')) ?? '';
    for (let shard = 0; shard < SHARDS; shard++) {
      t.regex(contentOf(join(log, summary)), new RegExp(`${shard}/${SHARDS}`));
    }
    box.proxy.requests.length = 0;
    cluster.call('/bin/sh', join(box.home, 'conf', 'cos_sync.slurm.sh'));
    await until(() => cluster.jobs().size === 0, LONG);
    t.deepEqual(box.proxy.requests, []);
  },
);
