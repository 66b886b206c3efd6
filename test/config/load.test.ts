import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { homeAt } from '../../src/config/home.ts';
import { loadConfig } from '../../src/config/load.ts';
import { currentRegion } from '../../src/config/regions.ts';

const NEEDED = {
  secret_id: 'AKIDtest',
  secret_key: 'secret',
  bucket: 'b-1250000000',
  local_path: '/data',
};

function load(
  t: ExecutionContext,
  content: string | Uint8Array | Record<string, unknown>,
  options: Record<string, unknown> = {},
  environment: NodeJS.ProcessEnv = {},
) {
  const folder = mkdtempSync(join(tmpdir(), 'cos_sync-config-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'config.json');
  const isText = typeof content === 'string' || content instanceof Uint8Array;
  writeFileSync(file, isText ? content : JSON.stringify({ ...NEEDED, ...content }));
  return loadConfig(file, options, environment);
}

const MiB = 1024 * 1024;

test('an empty COS_SYNC_HOME is none, and not the current folder', t => {
  t.is(homeAt(undefined, { COS_SYNC_HOME: '' }).root, homeAt(undefined, {}).root);
  t.is(homeAt(undefined, { COS_SYNC_HOME: tmpdir() }).root, tmpdir());
});

test("the original's file is read as it is", t => {
  const original = `{
    "appid"            : "1250000000",
    "secret_id"        : "AKIDexample",
    "secret_key"       : "keyexample",
    "bucket"           : "mybucket",
    "region"           : "gz",
    "timeout"          : "60",
    "thread_num"       : "5",
    "delete_sync"      : "1",
    "daemon_mode"      : "0",
    "daemon_interval"  : "60",
    "enable_https"     : "1",

    "local_path"       : "/home/test/data",
    "cos_path"         : "/mysyncfolder"
}
`;
  const { config, unknownKeys } = load(t, original);
  t.deepEqual(unknownKeys, []);
  t.like(config, {
    secretId: 'AKIDexample',
    secretKey: 'keyexample',
    bucket: 'mybucket-1250000000',
    region: 'ap-guangzhou',
    timeout: 60,
    threadNum: 5,
    deleteSync: true,
    daemonMode: false,
    daemonInterval: 60,
    enableHttps: true,
    localPath: '/home/test/data',
    cosPath: '/mysyncfolder',
  });
});

test('what is not written has its default', t => {
  const { config } = load(t, {});
  t.like(config, {
    secretId: 'AKIDtest',
    secretKey: 'secret',
    token: undefined,
    bucket: 'b-1250000000',
    region: '',
    endpoint: '',
    timeout: 60,
    threadNum: 5,
    deleteSync: false,
    daemonMode: false,
    daemonInterval: 60,
    enableHttps: true,
    localPath: '/data',
    cosPath: '/',
    createFolders: true,
    include: [],
    exclude: [],
    symlinks: 'follow',
    multipartThreshold: 16 * MiB,
    partSize: 8 * MiB,
    retryNum: 5,
    uploadLimit: 0,
    maxDelete: { share: 0.5 },
    checksum: false,
    storageClass: undefined,
    acl: undefined,
    headers: {},
    meta: {},
    serverSideEncryption: undefined,
    proxy: undefined,
  });
});

test('values may be texts, numbers or booleans, and an empty text is the default', t => {
  const texts = { thread_num: '20', delete_sync: '1', create_folders: '0', upload_limit: '0.5' };
  const native = { thread_num: 20, delete_sync: true, create_folders: false, upload_limit: 0.5 };
  t.deepEqual(load(t, texts).config, load(t, native).config);
  t.like(load(t, texts).config, {
    threadNum: 20,
    deleteSync: true,
    createFolders: false,
    uploadLimit: MiB / 2,
  });
  t.deepEqual(load(t, { thread_num: '', delete_sync: null, token: '' }).config, load(t, {}).config);
});

for (const [title, written, bucket] of [
  ['appid is appended', { appid: '1250000000', bucket: 'b' }, 'b-1250000000'],
  ['app_id is the same key', { app_id: '1250000000', bucket: 'b' }, 'b-1250000000'],
  ['appid may be a number', { appid: 1250000000, bucket: 'b' }, 'b-1250000000'],
  ['an appid that is there is not appended again', { appid: '1250000000' }, 'b-1250000000'],
  ['a bucket with its appid needs no appid', {}, 'b-1250000000'],
  ['an endpoint may have buckets without appid', { endpoint: 'h:9000', bucket: 'b' }, 'b'],
] as const) {
  test(`bucket: ${title}`, t => {
    t.is(load(t, written).config.bucket, bucket);
  });
}

for (const [old, current] of [
  ['tj', 'ap-beijing-1'],
  ['bj', 'ap-beijing'],
  ['sh', 'ap-shanghai'],
  ['gz', 'ap-guangzhou'],
  ['cd', 'ap-chengdu'],
  ['sgp', 'ap-singapore'],
  ['hk', 'ap-hongkong'],
  ['ca', 'na-toronto'],
  ['ger', 'eu-frankfurt'],
  ['cn-south', 'ap-guangzhou'],
  ['cn-north', 'ap-beijing-1'],
  ['cn-east', 'ap-shanghai'],
  ['cn-southwest', 'ap-chengdu'],
  ['SH', 'ap-shanghai'],
  ['ap-tokyo', 'ap-tokyo'],
] as const) {
  test(`region ${old} is ${current}`, t => {
    t.is(currentRegion(old), current);
    t.is(load(t, { region: old }).config.region, current);
  });
}

test('a byte order mark and Windows line ends do no harm', t => {
  const text = `\ufeff${JSON.stringify(NEEDED, undefined, 2).replaceAll('\n', '\r\n')}`;
  t.is(load(t, text).config.bucket, 'b-1250000000');
});

test('an unknown key is named with the nearest known one', t => {
  const { unknownKeys } = load(t, { thread_nun: 3, Delete_Sync: '1', op_record: '1', colour: 'x' });
  t.deepEqual(unknownKeys, [
    { key: 'thread_nun', nearest: 'thread_num' },
    { key: 'Delete_Sync', nearest: 'delete_sync' },
    { key: 'op_record', nearest: undefined },
    { key: 'colour', nearest: undefined },
  ]);
});

test("secrets of the environment win over those of the file, the tool's own names first", t => {
  const environment = {
    COS_SECRET_ID: 'envid',
    TENCENTCLOUD_SECRET_ID: 'other',
    TENCENTCLOUD_SECRET_KEY: 'envkey',
  };
  const { config } = load(t, { secret_id: 'xxxxxx' }, {}, { ...environment, COS_SECRET_KEY: '' });
  t.like(config, { secretId: 'envid', secretKey: 'envkey', token: undefined });
  t.is(load(t, {}, {}, { COS_TOKEN: 'a', TENCENTCLOUD_SESSION_TOKEN: 'b' }).config.token, 'a');
  t.is(load(t, {}, {}, { TENCENTCLOUD_SESSION_TOKEN: 'b' }).config.token, 'b');
});

test('the names of cloud functions and of tccli are known, and a token goes with its own key pair only', t => {
  const functions = {
    TENCENTCLOUD_SECRETID: 'fid',
    TENCENTCLOUD_SECRETKEY: 'fkey',
    TENCENTCLOUD_SESSIONTOKEN: 'ftoken',
  };
  t.like(load(t, {}, {}, functions).config, { secretId: 'fid', secretKey: 'fkey', token: 'ftoken' });
  const tccli = {
    TENCENTCLOUD_SECRET_ID: 'tid',
    TENCENTCLOUD_SECRET_KEY: 'tkey',
    TENCENTCLOUD_TOKEN: 'ttoken',
  };
  t.like(load(t, {}, {}, tccli).config, { secretId: 'tid', secretKey: 'tkey', token: 'ttoken' });
  const own = { COS_SECRET_ID: 'id', COS_SECRET_KEY: 'key' };
  t.like(load(t, { token: 'of-the-file' }, {}, { ...functions, ...own }).config, {
    secretId: 'id',
    secretKey: 'key',
    token: undefined,
  });
});

test('where the credentials come from elsewhere the file needs none, and its examples do no harm', t => {
  const none = { secret_id: 'xxxxxxxx', secret_key: undefined };
  const of = (credentials: string, more = {}) => load(t, { ...none, credentials, ...more }).config;
  t.like(of('cvm_role'), { credentials: 'cvm_role', credentialsRole: undefined, secretId: '' });
  t.like(of('cvm_role:backup-1'), { credentials: 'cvm_role', credentialsRole: 'backup-1' });
  t.like(of('tke'), { credentials: 'tke' });
  const command = ['/usr/bin/keys', '--for', 'cos'];
  t.deepEqual(of('command', { credentials_command: command }).credentialsCommand, command);
  t.like(load(t, { credentials: 'config' }).config, { credentials: 'config', secretId: NEEDED.secret_id });
});

test('an option of the command line wins over the file', t => {
  const { config } = load(
    t,
    { thread_num: '5', max_delete: '10%' },
    { thread_num: '20', max_delete: '100%' },
  );
  t.like(config, { threadNum: 20, maxDelete: { share: 1 } });
});

test('an appid of the command line wins over that of the file, in either spelling', t => {
  const file = { appid: '1250000000', bucket: 'b' };
  t.is(load(t, file, { app_id: '1251111111' }).config.bucket, 'b-1251111111');
  const other = { app_id: '1250000000', bucket: 'b' };
  t.is(load(t, other, { appid: '1251111111' }).config.bucket, 'b-1251111111');
});

test('max_delete is a count or a share', t => {
  t.deepEqual(load(t, { max_delete: 1000 }).config.maxDelete, { count: 1000 });
  t.deepEqual(load(t, { max_delete: '0' }).config.maxDelete, { count: 0 });
  t.deepEqual(load(t, { max_delete: '12.5%' }).config.maxDelete, { share: 0.125 });
});

test('patterns are a list or one text; headers are an object or its JSON', t => {
  t.deepEqual(load(t, { exclude: '*.tmp' }).config.exclude, ['*.tmp']);
  t.deepEqual(load(t, { exclude: ['*.tmp', 'cache/**'] }).config.exclude, ['*.tmp', 'cache/**']);
  t.deepEqual(load(t, {}, { meta: '{"owner":"ops"}' }).config.meta, { owner: 'ops' });
});

test('one folder has one name, with or without a slash at its end', t => {
  t.is(load(t, { local_path: '/data/' }).config.localPath, '/data');
  t.is(load(t, { local_path: '/data//sub/.' }).config.localPath, '/data/sub');
  t.is(load(t, { local_path: '/' }).config.localPath, '/');
  t.is(load(t, { local_path: '/data/ends with space ' }).config.localPath, '/data/ends with space ');
});
