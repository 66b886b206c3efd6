import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { DividedJob } from '../../src/schedule/job.ts';
import { arrayScript, submitScript } from '../../src/schedule/slurm.ts';
import { until } from '../support/until.ts';

interface Desk {
  folder: string;
  env: NodeJS.ProcessEnv;
  job(program: string): DividedJob;
  /** What a stand-in was called with: a line a call. */
  calls(): string;
}

/** Stand-ins of Slurm's programs, in a folder whose name a shell would misread. */
function desk(t: ExecutionContext): Desk {
  const root = mkdtempSync(join(tmpdir(), 'cos_sync-slurm-'));
  t.teardown(() => rmSync(root, { recursive: true, force: true }));
  const folder = join(root, `it's $HOME %a`);
  const tools = join(root, 'tools');
  for (const each of [folder, tools]) mkdirSync(each);
  const calls = join(root, 'calls');
  const say = `printf '%s ' "$(basename "$0")" "$@" >>'${calls}'; echo >>'${calls}'`;
  for (const tool of ['sbatch', 'scontrol']) {
    writeFileSync(join(tools, tool), `#!/bin/sh\n${say}\necho '17;cluster'\n`, { mode: 0o755 });
  }
  return {
    folder,
    env: {
      ...process.env,
      PATH: `${tools}${delimiter}${process.env.PATH}`,
      SLURM_ARRAY_TASK_ID: '2',
      SLURM_JOB_ID: '19',
    },
    job(program) {
      const file = join(folder, 'program');
      writeFileSync(file, `#!/bin/sh\n${program}\n`, { mode: 0o755 });
      return {
        name: 'nightly',
        command: [file, 'sync', '--quiet'],
        summary: [file, 'history', '--all-shards'],
        folder,
        interval: { unit: 'daily', hour: 2, minute: 0 },
        shards: 4,
      };
    },
    calls: () => (existsSync(calls) ? readFileSync(calls, 'utf8') : ''),
  };
}

function start(
  { folder, env }: Desk,
  script: string,
): { child: ChildProcess; ended: Promise<number | null> } {
  const file = join(folder, 'script');
  writeFileSync(file, script);
  const child = spawn('/bin/sh', [file], { env, stdio: 'ignore' });
  return { child, ended: new Promise(done => child.once('close', done)) };
}

test('a job of the array runs its shard, and ends with its exit code', async t => {
  for (const code of [0, 1, 5]) {
    const place = desk(t);
    const job = place.job(`printf '%s|' "$@" >"$(dirname "$0")/args"; exit ${code}`);
    t.is(await start(place, arrayScript(job)).ended, code);
    t.is(readFileSync(join(place.folder, 'args'), 'utf8'), 'sync|--quiet|--shard|2/4|');
    t.is(place.calls(), '');
  }
});

/** A program that says that it runs, and ends in order once it is told to. */
const LONG = `trap 'sleep 0.3; exit 143' TERM; : >"$(dirname "$0")/runs"; while :; do sleep 0.05; done`;

test('before its time limit a job ends its run in order and is queued again', async t => {
  const place = desk(t);
  const { child, ended } = start(place, arrayScript(place.job(LONG)));
  await until(() => existsSync(join(place.folder, 'runs')));
  child.kill('SIGUSR1');
  t.is(await ended, 143);
  t.is(place.calls(), 'scontrol requeue 19 \n');
});

test('a job that is cancelled ends its run in order and is not queued again', async t => {
  const place = desk(t);
  const { child, ended } = start(place, arrayScript(place.job(LONG)));
  await until(() => existsSync(join(place.folder, 'runs')));
  child.kill('SIGTERM');
  t.is(await ended, 143);
  t.is(place.calls(), '');
});

test('the array is submitted from the home, and after it a job that sums it up, whatever the home is called', t => {
  const place = desk(t);
  const job = place.job('');
  const script = submitScript(job, join(place.folder, 'nightly.sbatch'));
  const { status, stderr } = spawnSync('/bin/sh', ['-c', script], { env: place.env, encoding: 'utf8' });
  t.is(status, 0, stderr);
  t.true(existsSync(join(place.folder, 'log')));
  const [array = '', summary = ''] = place.calls().split('\n');
  t.is(array.trim(), `sbatch --parsable --output=log/slurm-%A_%a.log ${place.folder}/nightly.sbatch`);
  const [options = '', wrapped = ''] = summary.trim().split(' --wrap=');
  t.true(options.includes('--dependency=afterany:17 '), options);
  writeFileSync(join(place.folder, 'program'), `#!/bin/sh\nprintf '%s|' "$@" >"$(dirname "$0")/args"\n`);
  t.is(spawnSync('/bin/sh', ['-c', wrapped]).status, 0);
  t.is(readFileSync(join(place.folder, 'args'), 'utf8'), 'history|--all-shards|');
});
