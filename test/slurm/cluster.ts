import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { until } from '../support/until.ts';

const DAEMONS = ['munged', 'slurmctld', 'slurmd'] as const;
/** ms in which it must come up */
const PATIENCE = 60_000;

/** Why there can be no cluster here; empty where there can. */
export function noCluster(): string {
  if (process.getuid?.() !== 0) return 'a cluster needs root';
  const missing = DAEMONS.find(daemon => spawnSync(daemon, ['-V']).error !== undefined);
  return missing ? `${missing} is missing (apt-get install slurm-wlm munge)` : '';
}

/** A cluster of this machine alone, on its loopback; it is gone when the test is over. */
export interface Cluster {
  /** What makes Slurm's programs find it. */
  env: NodeJS.ProcessEnv;
  /** Ids of the jobs that have not ended, each with its state. */
  jobs(): Map<string, string>;
  call(program: string, ...args: string[]): string;
}

/** @returns undefined where this machine does not let it come up */
export async function startCluster(t: ExecutionContext): Promise<Cluster | undefined> {
  const folder = mkdtempSync(join(tmpdir(), 'cos_sync-slurm-'));
  const at = (name: string) => join(folder, name);
  for (const name of ['state', 'spool']) mkdirSync(at(name));
  writeFileSync(at('munge.key'), randomBytes(1_024), { mode: 0o600 });
  writeFileSync(at('slurm.conf'), configuration(folder, await freePort(), await freePort()));
  const env = { ...process.env, SLURM_CONF: at('slurm.conf') };
  const munge = ['key-file', 'socket', 'pid-file', 'log-file', 'seed-file'].map(
    name => `--${name}=${at(`munge.${name.replace(/-file$/, '')}`)}`,
  );
  const daemons = [
    spawn('munged', ['--foreground', '--force', ...munge], { stdio: 'ignore' }),
    spawn('slurmctld', ['-D', '-f', at('slurm.conf')], { stdio: 'ignore', env }),
    spawn('slurmd', ['-D', '-f', at('slurm.conf'), '-N', machine()], { stdio: 'ignore', env }),
  ];
  t.teardown(() => {
    for (const daemon of daemons) daemon.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });
  const call = (program: string, ...args: string[]) => execFileSync(program, args, { env, encoding: 'utf8' });
  const isIdle = () =>
    spawnSync('sinfo', ['-h', '-o', '%T'], { env, encoding: 'utf8' }).stdout.trim() === 'idle';
  // A container may let the daemons run and start no job.
  const runsJobs = () => spawnSync('srun', ['true'], { env, timeout: PATIENCE }).status === 0;
  const isUp = await until(isIdle, PATIENCE).then(runsJobs, () => false);
  if (!isUp) {
    t.log(spawnSync('tail', ['-n', '5', at('slurmctld.log'), at('slurmd.log')], { encoding: 'utf8' }).stdout);
    return undefined;
  }
  return {
    env,
    call,
    jobs() {
      const lines = call('squeue', '-h', '-r', '-o', '%i %T').trim().split('\n').filter(Boolean);
      return new Map(lines.map(line => line.split(' ') as [string, string]));
    },
  };
}

function machine(): string {
  return hostname().split('.')[0]!;
}

/** Requeued jobs wait until no old credential is valid any more: seconds instead of two minutes. Source: slurm.conf(5). */
function configuration(folder: string, controller: number, node: number): string {
  const files = {
    StateSaveLocation: 'state',
    SlurmdSpoolDir: 'spool',
    SlurmctldPidFile: 'slurmctld.pid',
    SlurmdPidFile: 'slurmd.pid',
    SlurmctldLogFile: 'slurmctld.log',
    SlurmdLogFile: 'slurmd.log',
  };
  return [
    'ClusterName=test',
    `SlurmctldHost=${machine()}(127.0.0.1)`,
    `SlurmctldPort=${controller}`,
    `SlurmdPort=${node}`,
    'SlurmUser=root',
    'AuthType=auth/munge',
    `AuthInfo=socket=${join(folder, 'munge.socket')},cred_expire=5`,
    ...Object.entries(files).map(([key, name]) => `${key}=${join(folder, name)}`),
    'ProctrackType=proctrack/linuxproc',
    'TaskPlugin=task/none',
    'SelectType=select/cons_tres',
    'SelectTypeParameters=CR_CPU',
    'SlurmdParameters=config_overrides',
    'ReturnToService=2',
    'MessageTimeout=60',
    `NodeName=${machine()} NodeAddr=127.0.0.1 CPUs=4 State=UNKNOWN`,
    `PartitionName=test Nodes=${machine()} Default=YES MaxTime=INFINITE State=UP`,
    '',
  ].join('\n');
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

/** What a file holds; empty where it is not there. */
export function contentOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
