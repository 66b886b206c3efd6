import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { ConfigError } from '../../src/config/faults.ts';
import { homeAt } from '../../src/config/home.ts';
import { refuseOwnFile } from '../../src/config/own-file.ts';

test('what the program lives on is no file to write to, whether it is there yet or behind a link; any other is', t => {
  const root = mkdtempSync(join(tmpdir(), 'cos_sync-own-'));
  t.teardown(() => rmSync(root, { recursive: true, force: true }));
  for (const folder of ['conf', 'db', 'log', 'other']) mkdirSync(join(root, folder));
  for (const file of ['conf/config.json', 'conf/config.json.old', 'other/mail.json']) {
    writeFileSync(join(root, file), '{}');
  }
  let link = join(root, 'link');
  try {
    symlinkSync(join(root, 'conf', 'config.json'), link);
  } catch {
    // Windows lets not everybody make links.
    link = join(root, 'conf', 'config.json');
  }
  const home = homeAt(root, {});
  const own = [
    ...['conf/config.json', 'conf/config.last-good.json', 'conf/config.json.old'],
    ...['db/b-1250000000-e609e7a1777d.db', 'db/b-1250000000-e609e7a1777d.db.before-rebuild', 'db/history.db'],
    ...['db/history.shard-0-of-4.db.next', 'db/restore-8b926081aa4b.state.held'],
    ...[
      'log/cos_sync.log',
      'log/cos_sync.log.1',
      'log/cos_sync.shard-0-of-4.log',
      'other/../log/cos_sync.log',
    ],
  ].map(path => join(root, path));
  for (const file of [...own, link]) {
    t.throws(() => refuseOwnFile(home, '--output', file), { instanceOf: ConfigError }, file);
  }
  const free = ['conf/failed.jsonl', 'db/ledger.jsonl', 'log/run.html', 'other/config.json', 'new/x/a.db'];
  for (const file of free) t.notThrows(() => refuseOwnFile(home, '--output', join(root, file)), file);

  const named = homeAt(root, {}, join(root, 'other', 'mail.json'));
  t.throws(() => refuseOwnFile(named, '--output', join(root, 'other', 'mail.json')), {
    instanceOf: ConfigError,
  });
});
