import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { type CredentialService, metadataService, stsService } from '../support/credential-services.ts';
import { type Sandbox, sandbox } from '../support/sandbox.ts';
import { until } from '../support/until.ts';

const NO_KEYS = { secret_id: undefined, secret_key: undefined };
const MiB = 1024 * 1024;
/** ms; renewed at half of it, which a run of some seconds outlives */
const SHORT = 4_000;

/** A sandbox whose configuration has no secret, and what the environment of the program names. */
async function withoutKeys(t: Parameters<typeof sandbox>[0], config: Readonly<Record<string, unknown>>) {
  const box = await sandbox(t);
  box.configure({ ...NO_KEYS, ...config });
  return box;
}

/** Small objects and one in parts, sent so slowly that they outlive several pairs. */
function writeForSeconds(box: Sandbox): Record<string, unknown> {
  for (let i = 0; i < 20; i++) box.write(`small/${i}.bin`, Buffer.alloc(50_000, `${i}`));
  box.write('large.bin', Buffer.alloc(2 * MiB, 'large '));
  // No try after the first: what is renewed must cost none.
  return { upload_limit: 0.75, multipart_threshold: 1, part_size: 1, retry_num: 0, delete_sync: 0 };
}

const SOURCES: Record<string, (t: Parameters<typeof sandbox>[0], box: Sandbox) => Promise<Source>> = {
  async cvm_role(t, box) {
    const service = await metadataService(t, box.server, { life: SHORT });
    return { service, env: { COS_SYNC_METADATA_URL: service.url }, config: { credentials: 'cvm_role' } };
  },
  async tke(t, box) {
    const file = join(box.root, 'web-identity');
    writeFileSync(file, 'a-web-identity-token');
    const service = await stsService(t, box.server, { token: 'a-web-identity-token', life: SHORT });
    const env = {
      COS_SYNC_STS_URL: service.url,
      TKE_REGION: 'ap-guangzhou',
      TKE_PROVIDER_ID: 'cls-1',
      TKE_ROLE_ARN: 'qcs::cam::uin/1:roleName/backup',
      TKE_WEB_IDENTITY_TOKEN_FILE: file,
    };
    return { service, env, config: { credentials: 'tke' } };
  },
  async command(t, box) {
    // The program asks another for them, as one that talks to a vault would.
    const service = await metadataService(t, box.server, { life: SHORT });
    const script = `fetch('${service.url}/latest/meta-data/cam/security-credentials/backup').then(a => a.json()).then(
      a => console.log(JSON.stringify({ SecretId: a.TmpSecretId, SecretKey: a.TmpSecretKey, Token: a.Token,
        Expiration: new Date(a.ExpiredTime * 1000).toISOString() })))`;
    const config = { credentials: 'command', credentials_command: [process.execPath, '-e', script] };
    return { service, env: {}, config };
  },
};

interface Source {
  service: CredentialService;
  env: NodeJS.ProcessEnv;
  config: Record<string, unknown>;
}

for (const [name, begin] of Object.entries(SOURCES)) {
  test(`a run that outlives several credentials of ${name} sends everything, and shows none of them`, async t => {
    const box = await sandbox(t);
    const { service, env, config } = await begin(t, box);
    const given: string[] = [];
    const issue = box.server.keys.issue.bind(box.server.keys);
    box.server.keys.issue = life => {
      const keys = issue(life);
      given.push(keys.secretKey, keys.token);
      return keys;
    };
    box.configure({ ...NO_KEYS, ...writeForSeconds(box), ...config });
    const { code, stdout, stderr } = await box.startAs({ env }, '--json', '--verbose').ended;
    t.is(code, 0, stdout + stderr);
    t.is(JSON.parse(stdout).upload_file_ok, 21);
    t.true(service.asked >= 2, `${service.asked}`);
    const heard = [stdout, stderr, ...box.filesIn(box.home).values()].join('\n');
    t.true(given.length > 0);
    for (const secret of given) t.false(heard.includes(secret));
  });
}

test('credentials that end before their time cost no try either', async t => {
  const box = await sandbox(t);
  const { service, env, config } = await SOURCES.cvm_role!(t, box);
  service.said = 3600_000;
  service.life = 2_500;
  box.configure({ ...NO_KEYS, ...writeForSeconds(box), ...config });
  const { code, stdout, stderr } = await box.startAs({ env }, '--json').ended;
  t.is(code, 0, stdout + stderr);
  t.true(service.asked >= 2, `${service.asked}`);
});

test('credentials that cannot be had are exit code 5, with what to do about it', async t => {
  const service = await metadataService(t, (await sandbox(t)).server, { role: '' });
  const box = await withoutKeys(t, { credentials: 'cvm_role', retry_num: 0 });
  box.write('a.txt', 'a');
  const run = (metadata: string, ...args: string[]) =>
    box.startAs({ env: { COS_SYNC_METADATA_URL: metadata } }, ...args).ended;
  const none = await run(service.url);
  t.is(none.code, 5);
  t.regex(
    none.stderr,
    /RoleMissing: this machine has no such CAM role|code: RoleMissing, this machine has no/,
  );
  const away = await run('http://127.0.0.1:1');
  t.is(away.code, 5);
  t.regex(away.stderr, /MetadataUnreachable.*ECONNREFUSED/);
  const failing = ['--credentials', 'command', '--credentials-command', '/nowhere/keys'];
  const command = await run('http://127.0.0.1:1', ...failing);
  t.is(command.code, 5);
  t.regex(command.stderr, /credentials_command cannot be started.*\/nowhere\/keys: ENOENT/);
  t.deepEqual(await box.keys(), []);
});

test('doctor says where the credentials come from, of which role, and until when', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'a');
  const keysOf = async (env: NodeJS.ProcessEnv = {}) => {
    const { stdout } = await box.startAs({ env }, 'doctor', '--json').ended;
    const { checks } = JSON.parse(stdout) as { checks: { name: string; status: string; message: string }[] };
    return checks.find(({ name }) => name === 'keys');
  };
  t.like(await keysOf(), { status: 'ok', message: 'a key pair from the configuration file' });
  const { secretId, secretKey } = box.server;
  const env = { TENCENTCLOUD_SECRETID: secretId, TENCENTCLOUD_SECRETKEY: secretKey };
  t.like(await keysOf(env), { status: 'ok', message: 'a key pair from the environment' });
  const service = await metadataService(t, box.server);
  box.configure({ ...NO_KEYS, credentials: 'cvm_role' });
  const found = await keysOf({ COS_SYNC_METADATA_URL: service.url });
  t.is(found?.status, 'ok');
  t.regex(
    found?.message ?? '',
    /^the CAM role backup of this machine, good until \d{4}-\d\d-\d\d.* and renewed before$/,
  );
  service.misbehave = { kind: 'answer', status: 404, body: '' };
  t.like(await keysOf({ COS_SYNC_METADATA_URL: service.url }), { status: 'fail' });
});

test('verify and restore go through a role too', async t => {
  const box = await sandbox(t);
  const service = await metadataService(t, box.server);
  box.configure({ ...NO_KEYS, credentials: 'cvm_role:backup' });
  box.write('a.txt', 'a');
  const env = { COS_SYNC_METADATA_URL: service.url };
  t.is((await box.startAs({ env }).ended).code, 0);
  const asked = service.asked;
  t.is((await box.startAs({ env }, 'verify').ended).code, 0);
  t.is((await box.startAs({ env }, 'restore', '--to', join(box.root, 'back')).ended).code, 0);
  t.is(readFileSync(join(box.root, 'back', 'a.txt'), 'utf8'), 'a');
  t.is(service.asked, asked + 2);
});

test('a daemon takes up a key pair that changed in its configuration during a run', async t => {
  const box = await sandbox(t);
  box.configure({ daemon_mode: 1, daemon_interval: 3600, ...writeForSeconds(box) });
  const running = box.start();
  await until(() => box.proxy.requests.length > 2);
  const { secretId, secretKey } = box.server.keys.replaceOwn();
  const file = join(box.home, 'conf', 'config.json');
  const config = JSON.parse(readFileSync(file, 'utf8'));
  writeFileSync(file, JSON.stringify({ ...config, secret_id: secretId, secret_key: secretKey }));
  await until(() => /upload_file_ok : \d/.test(running.output().stdout));
  running.child.kill('SIGTERM');
  const { stdout } = await running.ended;
  t.regex(stdout, /upload_file_ok : 21\n/);
  t.regex(stdout, /upload_file_fail : 0\n/);
});
