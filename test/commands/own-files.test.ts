import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { sandbox } from '../support/sandbox.ts';

test('no option and no key has the program write over its own files: exit code 2, and they are as they were', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'a');
  t.is((await box.run()).code, 0);
  const ledger = readdirSync(join(box.home, 'db')).find(name => /^(?!history).*\.db$/.test(name)) ?? '';
  const [own, config] = [join(box.home, 'db', ledger), join(box.home, 'conf', 'config.json')];
  const before = ['conf', 'db'].map(name => box.filesIn(join(box.home, name)));
  const calls = [
    ['history', '--html', own],
    ['ledger', 'export', '--output', own],
    ['ledger', 'export', '--output', config],
    ['sync', '--metrics-file', config],
    ['sync', '--failed-file', own],
  ];
  for (const args of calls) {
    const { code, stderr } = await box.run(...args);
    t.is(code, 2, args.join(' '));
    t.is(
      stderr,
      `cos_sync: ${args.at(-2)}: ${args.at(-1)} is a file that the program itself needs: name another\n`,
    );
  }
  t.deepEqual(
    ['conf', 'db'].map(name => box.filesIn(join(box.home, name))),
    before,
  );

  const metrics = join(box.root, 'numbers');
  const both = await box.run('--metrics-file', metrics, '--failed-file', metrics);
  t.like(both, {
    code: 2,
    stderr: 'cos_sync: --failed-file: is the file of metrics_file too: name another\n',
  });
  const doctor = await box.run('doctor', '--failed-file', own);
  t.regex(doctor.stdout, /^fail {2}config .*is a file that the program itself needs/m);
});
