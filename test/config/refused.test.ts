import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { loadConfig } from '../../src/config/load.ts';
import { checkLocalPath } from '../../src/engine/local/local-path.ts';
import { errorLines } from '../../src/report/errors.ts';
import { wordsFor } from '../../src/report/language.ts';
import { byName } from '../../src/report/words/call.ts';
import { sandbox } from '../support/sandbox.ts';

const folder = mkdtempSync(join(tmpdir(), 'cos_sync-refused-'));
test.after.always(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;

/** What is said of a configuration; each line without the file's name in front. */
function refusalOf(content: Record<string, unknown> | string | Uint8Array, language = 'en'): string[] {
  const file = join(folder, `${files++}.json`);
  const isText = typeof content === 'string' || content instanceof Uint8Array;
  const base = { secret_id: 'AKIDtest', secret_key: 's3cr3t', bucket: 'b-1250000000', local_path: folder };
  writeFileSync(file, isText ? content : JSON.stringify({ ...base, ...content }));
  try {
    loadConfig(file, {}, {});
    return [];
  } catch (error) {
    return errorLines(error, wordsFor(byName, language)).map(line => line.replace(`${file}: `, ''));
  }
}

const TABLE: [title: string, written: Record<string, unknown>, line: string][] = [
  [
    'a cos_path that leads upwards',
    { cos_path: '/a/../b' },
    'cos_path: has a "." or ".." between slashes (/a/../b): write the path without',
  ],
  [
    'a cos_path that is a point',
    { cos_path: '.' },
    'cos_path: has a "." or ".." between slashes (.): write the path without',
  ],
  [
    'a source of credentials that is none',
    { credentials: 'cvm' },
    'credentials: must be one of config, cvm_role, cvm_role:NAME, tke, command, not "cvm"',
  ],
  [
    'a role that nobody can have',
    { credentials: 'cvm_role:../x' },
    'credentials: must be one of config, cvm_role, cvm_role:NAME, tke, command, not "cvm_role:../x"',
  ],
  [
    'a command that nothing asks',
    { credentials_command: '/usr/bin/keys' },
    'credentials_command: has no effect without "credentials": "command"',
  ],
  [
    'no command where one is to be asked',
    { credentials: 'command' },
    'credentials_command: is missing: write its value',
  ],
  ['thread_num of 0', { thread_num: '0' }, 'thread_num: must be from 1 to 512, not 0'],
  ['thread_num of 9999', { thread_num: 9999 }, 'thread_num: must be from 1 to 512, not 9999'],
  ['a number in words', { timeout: 'long' }, 'timeout: must be a number from 1 to 3600, not "long"'],
  ['a list for a number', { retry_num: [3] }, 'retry_num: must be a number from 0 to 100, not "[3]"'],
  ['a fraction of a thread', { thread_num: 2.5 }, 'thread_num: must be a number from 1 to 512, not "2.5"'],
  ['a switch in words', { delete_sync: 'yes' }, 'delete_sync: must be "1" (on) or "0" (off), not "yes"'],
  ['an object for a text', { bucket: {} }, 'bucket: must be text in double quotes, not {}'],
  [
    'an object for a switch',
    { daemon_mode: { toString: 0 } },
    'daemon_mode: must be "1" (on) or "0" (off), not "{"toString":0}"',
  ],
  ['a list for a switch', { delete_sync: [1] }, 'delete_sync: must be "1" (on) or "0" (off), not "[1]"'],
  [
    'an object for a limit',
    { max_delete: { toString: 0 } },
    'max_delete: must be a number like "1000" or a share like "50%", not "{"toString":0}"',
  ],
  [
    'an object as a header',
    { meta: { owner: {} } },
    'meta: has a name or value that no HTTP header can have: owner',
  ],
  [
    'a name of metadata that COS does not take',
    { meta: { made_by: 'me' } },
    'meta: has the name "made_by": COS takes only letters, digits and "-" there',
  ],
  [
    'too much metadata',
    { meta: { a: 'x'.repeat(2048) } },
    'meta: has 2049 bytes of names and values: COS takes 2000 besides the mtime',
  ],
  [
    'such a name among the headers',
    { headers: { 'x-cos-meta-made_by': 'me' } },
    'headers: has the name "x-cos-meta-made_by": COS takes only letters, digits and "-" there',
  ],
  [
    'a complete host name as the bucket',
    { bucket: 'b-1250000000.cos.ap-guangzhou.myqcloud.com' },
    'bucket: is a complete host name: write "bucket": "b-1250000000", "region": "ap-guangzhou"',
  ],
  [
    'the accelerate domain without a region',
    { endpoint: 'cos.accelerate.myqcloud.com' },
    'region: is missing: the accelerate domain takes uploads only, lists, copies and deletions go to the region of the bucket',
  ],
  [
    'an IPv6 address without brackets',
    { endpoint: 'fd00::1' },
    'endpoint: is an IPv6 address without brackets: write "http://[fd00::1]" or "http://[fd00::1]:9000", not "fd00::1"',
  ],
  [
    'a URL as the host to sign for',
    { sign_host: 'http://x' },
    'sign_host: must be a host name like "backup-1250000000.cos.ap-guangzhou.myqcloud.com", not "http://x"',
  ],
  ['an unknown choice', { symlinks: 'copy' }, 'symlinks: must be one of follow, skip, not "copy"'],
  [
    'a share above 100 %',
    { max_delete: '150%' },
    'max_delete: must be a number like "1000" or a share like "50%", not "150%"',
  ],
  [
    'a number for patterns',
    { exclude: 7 },
    'exclude: must be a list of patterns like ["*.tmp", "cache/**"], not 7',
  ],
  ['a pattern with an open bracket', { include: ['[a'] }, 'include: has a pattern that cannot be read: [a'],
  ['a text for headers', { headers: 'x' }, 'headers: must be names and values like {"name": "value"}, not x'],
  [
    'a header with a space in its name',
    { headers: { 'a b': '1' } },
    'headers: has a name or value that no HTTP header can have: a b',
  ],
  [
    'a header that says how long the body is',
    { headers: { 'Cache-Control': 'no-cache', 'Content-length': '5' } },
    'headers: names a header that the program sets itself: Content-length',
  ],
  [
    'a header that makes a copy of an upload',
    { headers: { 'x-cos-copy-source': 'bucket/key' } },
    'headers: names a header that the program sets itself: x-cos-copy-source',
  ],
  [
    'a relative local_path',
    { local_path: 'data' },
    'local_path: must be an absolute path, like "/home/user/data" or "C:\\\\data", not "data"',
  ],
  [
    'a Windows path whose single backslashes are escapes',
    { local_path: 'C:\temp\new' },
    'local_path: holds a control character ("C:\\temp\\new"): in JSON each \\ of a Windows path is written twice, like "C:\\\\data\\\\new"',
  ],
  ['no local_path', { local_path: '' }, 'local_path: is missing: write its value'],
  ['no secret_id', { secret_id: undefined }, 'secret_id: is missing: write its value'],
  [
    "the template's secret_id",
    { secret_id: 'xxxxxxxxxxxx' },
    'secret_id: is still the template\'s "xxxxxx": write your own value',
  ],
  [
    "the template's region",
    { region: 'xxxxxx' },
    'region: is still the template\'s "xxxxxx": write your own value',
  ],
  [
    "the template's bucket",
    { bucket: 'xxxxxx' },
    'bucket: is still the template\'s "xxxxxx": write your own value',
  ],
  [
    'a secret with a line end in it',
    { secret_key: 's3cr3t\nmore' },
    'secret_key: has characters that no credential has: copy it again, without spaces or line ends',
  ],
  [
    'a bucket without appid',
    { bucket: 'mybucket' },
    'bucket: "mybucket" has no APPID: write "mybucket-1250000000" with your number, or set appid',
  ],
  [
    'an appid that is not a number',
    { appid: 'me' },
    'appid: must be your account\'s number, like "1250000000", not "me"',
  ],
  [
    'an endpoint with a path',
    { endpoint: 'http://h/x' },
    'endpoint: must be like "https://cos.example.com" or "host:port", not "http://h/x"',
  ],
  ['a proxy without scheme', { proxy: 'h:3128' }, 'proxy: must be like "http://proxy.example.com:3128"'],
];

for (const [title, written, line] of TABLE) {
  test(`${title} is refused in one line`, t => {
    t.deepEqual(refusalOf(written), [line]);
  });
}

test('a local_path that is a file is refused by the look that every command takes at it', async t => {
  const file = join(folder, 'a file');
  writeFileSync(file, '');
  const { signal } = new AbortController();
  const error = await t.throwsAsync(checkLocalPath({ localPath: file, timeout: 60 }, 'config.json', signal));
  t.deepEqual(errorLines(error, wordsFor(byName, 'en')), [
    `config.json: local_path: must be a folder, but ${file} is a file: write the folder that holds it`,
  ]);
});

test('all faults are said at once, a line each, in the order of the keys', t => {
  const faults = refusalOf({
    local_path: 'data',
    delete_sync: '2',
    thread_num: '0',
    secret_key: 'xxxxxx',
    bucket: 'mybucket',
  });
  t.deepEqual(
    faults.map(line => line.split(':')[0]),
    ['secret_key', 'bucket', 'thread_num', 'delete_sync', 'local_path'],
  );
});

for (const [title, content, line] of [
  [
    'a single backslash in a Windows path',
    '{\n "bucket": "b",\n "local_path": "C:\\data"\n}',
    'is not valid JSON (line 3): each \\ of a Windows path is written twice, like "C:\\\\data"',
  ],
  [
    'a backslash before the closing quote',
    '{\n "local_path": "D:\\",\n "bucket": "b"\n}',
    'is not valid JSON (line 2): each \\ of a Windows path is written twice, like "C:\\\\data"',
  ],
  [
    'a missing comma',
    '{\n "bucket": "b"\n "region": "r"\n}',
    'is not valid JSON (line 2): a comma is missing at its end',
  ],
  [
    'a comma after the last value',
    '{\n "bucket": "b, }",\n "thread_num": 5,\n}',
    'is not valid JSON (line 3): remove the comma after the last value',
  ],
  [
    'a comment',
    '{\n "endpoint": "http://x#y",\n "bucket": "b" // mine\n}',
    'is not valid JSON (line 3): JSON has no comments, remove this one',
  ],
  [
    'a comment of a shell',
    '{\n # mine\n}',
    'is not valid JSON (line 2): JSON has no comments, remove this one',
  ],
  [
    'single quotes',
    "{\n 'bucket': 'b'\n}",
    'is not valid JSON (line 2): quotes must be straight double quotes, like "this"',
  ],
  [
    'quotes of a word processor',
    '{\n “bucket”: “b”\n}',
    'is not valid JSON (line 2): quotes must be straight double quotes, like "this"',
  ],
  [
    'a Chinese comma',
    '{\n "bucket": "b，c"，\n "region": "r"\n}',
    'is not valid JSON (line 2): it has a full-width mark; write , : { } [ ] as on an English keyboard',
  ],
  [
    'a value without quotes',
    '{\n "bucket": "b",\n "region": gz,\n "timeout": "60"\n}\n',
    'is not valid JSON (near line 3): look there for a missing quote, comma or brace',
  ],
  [
    'a missing end quote',
    '{\n "bucket": "b,\n "region": "r"\n}\n',
    'is not valid JSON (near line 2): look there for a missing quote, comma or brace',
  ],
  [
    'a missing end brace',
    '{\n "bucket": "b",\n "region": "r"\n',
    'is not valid JSON (near line 3): look there for a missing quote, comma or brace',
  ],
  ['an empty file', '', 'is not valid JSON (near line 1): look there for a missing quote, comma or brace'],
  ['a list', '[]', 'must be one JSON object: { "key": "value", … }'],
  ['UTF-16', Buffer.from('\ufeff{}', 'utf16le'), 'is UTF-16: save it as UTF-8 in your editor'],
  [
    'GBK text',
    Buffer.concat([Buffer.from('{\n "local_path": "/'), Buffer.from([0xd6, 0xd0]), Buffer.from('"\n}')]),
    'is not UTF-8 (line 2): save it as UTF-8 in your editor',
  ],
] as const) {
  test(`${title}: the file is refused in one line`, t => {
    t.deepEqual(refusalOf(content), [line]);
  });
}

test('a secret is never repeated in a refusal', t => {
  const lines = refusalOf({ secret_key: 's3cr3t more', secret_id: { id: 's3cr3t' }, token: '秘密s3cr3t' });
  t.is(lines.length, 3);
  t.false(lines.join().includes('s3cr3t'));
});

test('Chinese users are told in Chinese', t => {
  t.deepEqual(refusalOf({ thread_num: 0 }, 'zh'), ['thread_num: 必须在 1 到 512 之间，而不是 0']);
});

test('the program refuses a configuration with exit code 2, and touches nothing', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'a');
  box.configure({ thread_num: 0, delete_sync: 'x' });
  const file = join(box.home, 'conf', 'config.json');
  for (const args of [[], ['sync', '--json'], ['sync', '--dry-run']]) {
    t.like(await box.run(...args), {
      code: 2,
      stdout: '',
      stderr: [
        `cos_sync: ${file}: thread_num: must be from 1 to 512, not 0\n`,
        `cos_sync: ${file}: delete_sync: must be "1" (on) or "0" (off), not "x"\n`,
      ].join(''),
    });
  }
  t.deepEqual(box.proxy.requests, []);
  for (const name of ['db', 'log']) t.false(existsSync(join(box.home, name)));

  const missing = join(box.root, 'nowhere.json');
  const named = await box.run('--config', missing);
  t.like(named, { code: 2, stdout: '' });
  t.true(named.stderr.startsWith(`cos_sync: ${missing}: there is no such file. To make it: `), named.stderr);
  t.true(named.stderr.endsWith(` --config ${missing} init\n`), named.stderr);

  t.like(await box.run('--config', box.root), {
    code: 2,
    stderr: `cos_sync: ${box.root}: is a folder: name the configuration file in it\n`,
  });

  const folder = box.root;
  for (const [args, said] of [
    [['ledger', 'import', folder], 'is a folder: name the file in it'],
    [['ledger', 'export', '--output', folder], 'is a folder: name a file in it with --output'],
    [['sync', '--metrics-file', folder], 'is a folder, so nothing was written: name a file in it'],
  ] as const) {
    box.configure();
    t.true((await box.run(...args)).stderr.includes(`${folder} ${said}\n`), said);
  }

  const template = join(import.meta.dirname, '..', '..', 'conf', 'config.json');
  const { code, stderr } = await box.run('--config', template);
  t.is(code, 2);
  t.regex(stderr, /is still the template/);
});

test('the command line is refused like the file, with exit code 2', async t => {
  const box = await sandbox(t);
  const refused = async (...args: string[]) => {
    const { code, stdout, stderr } = await box.run(...args);
    t.deepEqual([code, stdout], [2, ''], args.join(' '));
    return stderr;
  };
  t.is(await refused('--thread-num'), 'cos_sync: --thread-num: needs a value\n');
  t.regex(
    await refused('--secret-key', 's3cr3t'),
    /^cos_sync: --secret-key: is not an option, because others can see/,
  );
  t.regex(
    await refused('--secret-id=abc'),
    /^cos_sync: --secret-id: is not an option, because others can see/,
  );
  t.regex(await refused('--token', 'abc'), /^cos_sync: --token: is not an option, because others can see/);
  t.is(await refused('--thread-num', '0'), 'cos_sync: --thread-num: must be from 1 to 512, not 0\n');
});

test('options win over the file, exactly as they are written', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'a');
  box.write('b.tmp', 'b');
  box.write('7', 'c');
  box.configure({ cos_path: '/wrong', exclude: ['*.txt'] });
  const { code } = await box.run('--cos-path', '007', '--exclude', '*.tmp', '--exclude', '7');
  t.is(code, 0);
  t.deepEqual([...(await box.objects()).keys()], ['007/a.txt']);
});

test('of a key that is given twice the last value counts, and that is said; so does doctor', async t => {
  const box = await sandbox(t);
  const file = join(box.home, 'conf', 'config.json');
  writeFileSync(file, readFileSync(file, 'utf8').replace('{', '{"delete_sync": "0", "delete_sync": "1",'), {
    mode: 0o600,
  });
  const said =
    'config: "delete_sync" is given more than once with different values: the last one counts, in line ';
  t.true((await box.run()).stderr.startsWith(said));
  const { stdout } = await box.run('doctor');
  t.true(stdout.includes(`warn  config       ${said}`), stdout);
});

test('what is doubtful but usable is warned of on standard error', async t => {
  const box = await sandbox(t);
  box.configure({ thread_nun: '3', op_record: '1' });
  const file = join(box.home, 'conf', 'config.json');
  mkdirSync(join(box.root, 'open'));
  const open = join(box.root, 'open', 'config.json');
  writeFileSync(open, readFileSync(file), { mode: 0o644 });
  const { code, stdout, stderr } = await box.run('--config', open);
  t.is(code, 0);
  t.is(
    stderr,
    [
      'config: unknown key "thread_nun" is ignored; did you mean "thread_num"?\n',
      'config: unknown key "op_record" is ignored\n',
      `${open} holds a secret and is readable by others: chmod 600 ${open}\n`,
    ].join(''),
  );
  t.regex(stdout, /op_status : ALL_OK/);

  const { secret_id, secret_key, ...harmless } = JSON.parse(readFileSync(file, 'utf8'));
  writeFileSync(open, JSON.stringify({ ...harmless, thread_nun: undefined, op_record: undefined }));
  const env = { COS_SECRET_ID: secret_id, COS_SECRET_KEY: secret_key };
  t.is((await box.startAs({ env }, '--config', open).ended).stderr, '', 'there is no secret in it');
});

test('a proxy of the environment that is none is named by its variable', t => {
  const file = join(folder, 'proxy.json');
  const base = { secret_id: 'AKIDtest', secret_key: 's3cr3t', bucket: 'b-1250000000', local_path: folder };
  writeFileSync(file, JSON.stringify(base));
  const error = t.throws(() => loadConfig(file, {}, { HTTPS_PROXY: 'socks5://127.0.0.1:1080' }));
  t.deepEqual(errorLines(error, wordsFor(byName, 'en')), [
    'HTTPS_PROXY: must be like "http://proxy.example.com:3128"',
  ]);
  writeFileSync(file, JSON.stringify({ ...base, proxy: 'http://proxy.example.com:3128' }));
  t.notThrows(() => loadConfig(file, {}, { HTTPS_PROXY: 'socks5://127.0.0.1:1080' }));
});

const onPosix = process.platform === 'win32' ? test.skip : test;

onPosix('a configuration that is a pipe or a device is refused, and not read', t => {
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  for (const file of [pipe, '/dev/zero']) {
    const error = t.throws(() => loadConfig(file, {}, {}));
    t.deepEqual(errorLines(error, wordsFor(byName, 'en')), [
      `${file}: is a pipe or a device: name a plain file`,
    ]);
  }
});
