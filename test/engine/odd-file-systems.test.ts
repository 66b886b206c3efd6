import { renameSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { mountFuse, noFuse } from '../support/fuse.ts';
import { sandbox } from '../support/sandbox.ts';
import { testWhere } from '../support/test-where.ts';

const missing = noFuse();
const fuseTest = testWhere(!missing, missing);

fuseTest(
  'where names ignore case, a file or folder of another spelling takes the place of the old one',
  async t => {
    const box = await sandbox(t);
    const source = join(box.root, 'source');
    await mountFuse(t, source, box.local, { ignoresCase: true });
    for (const path of ['Readme.TXT', 'Docs/a', 'stays']) box.write(path, path);
    const first = await box.run();
    t.is(first.code, 0, first.stdout + first.stderr);
    // In the mounted folder both are one name already.
    renameSync(join(source, 'Readme.TXT'), join(source, 'README.txt'));
    renameSync(join(source, 'Docs'), join(source, 'docs'));
    for (const path of ['', 'docs']) utimesSync(join(source, path), 1, 1);
    t.like((await box.runJson()).json, { exit_code: 0, del_file_ok: 2, del_folder_ok: 1, upload_bytes: 0 });
    t.deepEqual(await box.keys(), ['backup/README.txt', 'backup/docs/', 'backup/docs/a', 'backup/stays']);
  },
);
