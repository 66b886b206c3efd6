import { posix } from 'node:path';
import { cronInstallation, shellWord } from './cron.ts';
import { type DividedJob, markOf, type Step } from './job.ts';

/** Seconds before its time limit at which Slurm tells a job, so that it ends in order and is queued again. */
const BEFORE_LIMIT = 120;

/** What runs a divided job in Slurm: an array of jobs, one a shard, and one that sums up after it. */
export function slurmInstallation(job: DividedJob, conf: string): Step[] {
  const { name } = job;
  const array = posix.join(conf, `${name}.sbatch`);
  const submit = posix.join(conf, `${name}.slurm.sh`);
  const write = (path: string, text: string) => ({ do: 'write', path, text, encoding: 'utf8' }) as const;
  return [
    write(array, arrayScript(job)),
    write(submit, submitScript(job, array)),
    ...cronInstallation({ ...job, command: ['/bin/sh', submit] }),
  ];
}

/**
 * Runs one shard. Slurm starts it again itself where a node fails or a job with a higher priority needs it; before
 * the time limit it asks for that, and what is done is not done again. A job that is cancelled stays so.
 * Source: sbatch(1), --requeue, --signal; scontrol(1), requeue.
 */
export function arrayScript({ name, command, shards }: DividedJob): string {
  return lines(
    '#!/bin/sh',
    `# ${markOf(name)}`,
    `#SBATCH --job-name=${name}`,
    `#SBATCH --array=0-${shards - 1}`,
    '#SBATCH --requeue',
    '#SBATCH --open-mode=append',
    `#SBATCH --signal=B:USR1@${BEFORE_LIMIT}`,
    '',
    'again=',
    // A signal ends the wait, not the run.
    'waiting=1',
    `trap 'waiting=1 again=1; kill "$run"' USR1`,
    `trap 'waiting=1; kill "$run"' TERM INT`,
    `${command.map(shellWord).join(' ')} --shard "$SLURM_ARRAY_TASK_ID/${shards}" &`,
    'run=$!',
    'while [ "$waiting" ]; do',
    '  waiting=',
    '  wait "$run"',
    '  code=$?',
    'done',
    'if [ "$again" ] && [ "$code" -ne 0 ]; then scontrol requeue "$SLURM_JOB_ID"; fi',
    'exit "$code"',
  );
}

/** Submits the array, and the job that sums it up once all of it has ended, whatever came of it. */
export function submitScript({ name, folder, summary }: DividedJob, array: string): string {
  const sums = shellWord(summary.map(shellWord).join(' '));
  return lines(
    '#!/bin/sh',
    `# ${markOf(name)}`,
    'set -e',
    `cd ${shellWord(folder)}`,
    'mkdir -p log',
    `array=$(sbatch --parsable --output=log/slurm-%A_%a.log ${shellWord(array)})`,
    `sbatch --job-name=${name}-summary --dependency="afterany:\${array%%;*}" \\`,
    `  --output=log/slurm-%j-summary.log --wrap=${sums}`,
  );
}

function lines(...texts: string[]): string {
  return `${texts.join('\n')}\n`;
}
