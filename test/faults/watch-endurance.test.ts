import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { sandbox } from '../support/sandbox.ts';
import { scaled } from '../support/scale.ts';
import { testWhere } from '../support/test-where.ts';
import { until } from '../support/until.ts';

const ROUNDS = scaled(120, 10_000);
/** MiB that memory may vary by: when garbage is collected is up to V8. */
const MEMORY = 40;
const FOLDERS = 50;

const onLinux = testWhere(process.platform === 'linux', 'memory is read out of /proc');

interface Use {
  /** MiB */
  memory: number;
  descriptors: number;
  /** bytes of the ledger's folder */
  ledger: number;
}

onLinux(`a daemon that watches takes no more after ${ROUNDS} rounds than after a third of them`, async t => {
  const box = await sandbox(t);
  for (let folder = 0; folder < FOLDERS; folder++) box.write(`${folder}/first.txt`, String(folder));
  box.configure({ daemon_mode: '1', watch: '1', watch_delay: '0.05', daemon_interval: '3600' });
  const { child, ended } = box.start('--json', '--quiet');
  let puts = 0;
  box.proxy.fault = ({ method }) => {
    if (method === 'PUT') puts++;
    return undefined;
  };

  function use(): Use {
    const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
    const db = join(box.home, 'db');
    return {
      memory: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024,
      descriptors: readdirSync(`/proc/${child.pid}/fd`).length,
      ledger: readdirSync(db).reduce(
        (sum, name) => sum + (statSync(join(db, name), { throwIfNoEntry: false })?.size ?? 0),
        0,
      ),
    };
  }

  async function work(rounds: number): Promise<Use> {
    for (let round = 0; round < rounds; round++) {
      const before = puts;
      box.write(`${round % FOLDERS}/changing.txt`, `${Math.random()}`);
      await until(() => puts > before);
      box.proxy.requests.length = 0;
    }
    return use();
  }

  await until(() => puts >= 2 * FOLDERS);
  const early = await work(Math.ceil(ROUNDS / 3));
  const late = await work(Math.floor((ROUNDS * 2) / 3));
  t.log(JSON.stringify({ early, late }));
  t.true(late.memory < early.memory + MEMORY, 'memory');
  t.true(late.descriptors < early.descriptors + 10, 'descriptors');
  t.true(late.ledger < early.ledger * 2 + 2 ** 20, 'ledger');
  child.kill('SIGTERM');
  t.is((await ended).code, 143);
});
