import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { fetchFromCommand } from '../../../src/cos/credentials/command.ts';
import { fetchFromRole } from '../../../src/cos/credentials/cvm-role.ts';
import { fetchFromPod } from '../../../src/cos/credentials/tke.ts';
import type { Failure } from '../../../src/failure.ts';
import { type LocalCos, startLocalCos } from '../../../src/local-cos/server.ts';
import { metadataService, stsService } from '../../support/credential-services.ts';

const { signal } = new AbortController();

async function localCos(t: ExecutionContext): Promise<LocalCos> {
  const dir = mkdtempSync(join(tmpdir(), 'cos_sync-keys-'));
  const server = await startLocalCos({ dir });
  t.teardown(async () => {
    await server.close();
    rmSync(dir, { recursive: true, force: true });
  });
  return server;
}

async function failureOf(t: ExecutionContext, work: Promise<unknown>): Promise<Failure> {
  return (await t.throwsAsync<Failure>(work)) as Failure;
}

const said = ({ kind, code }: Failure) => [kind, code];

test('a machine’s role is found out, or named', async t => {
  const { url } = await metadataService(t, await localCos(t), { life: 7200_000 });
  for (const name of [undefined, 'backup']) {
    const { credentials, life, role } = await fetchFromRole(name, { url, signal });
    t.regex(credentials.secretId, /^AKID/);
    t.truthy(credentials.token);
    t.true(Math.abs((life ?? 0) - 7200_000) < 60_000);
    t.is(role, 'backup');
  }
});

test('a machine without a role, or without that one, is told so', async t => {
  const server = await localCos(t);
  const none = await metadataService(t, server, { role: '' });
  t.deepEqual(said(await failureOf(t, fetchFromRole(undefined, { url: none.url, signal }))), [
    'refused',
    'RoleMissing',
  ]);
  const one = await metadataService(t, server);
  const other = await failureOf(t, fetchFromRole('other', { url: one.url, signal }));
  t.deepEqual([...said(other), other.message], ['refused', 'RoleMissing', 'other']);
});

test('a metadata service that is away, slow or lying ends in its own failure', async t => {
  const service = await metadataService(t, await localCos(t));
  const { url } = service;
  const ask = () =>
    failureOf(
      t,
      fetchFromRole('backup', {
        url,
        signal,
        timeLimit: service.misbehave?.kind === 'silent' ? 300 : 60_000,
      }),
    );
  const answer = (status: number, body: string) => ({ kind: 'answer' as const, status, body });
  const good = {
    Code: 'Success',
    TmpSecretId: 'AKIDx',
    TmpSecretKey: 'kept-secret',
    Token: 't',
    ExpiredTime: 9e9,
  };
  for (const [misbehave, kind, code] of [
    [{ kind: 'silent' as const }, 'unreachable', 'MetadataUnreachable'],
    [answer(500, 'oops'), 'unreachable', 'MetadataUnreachable'],
    [answer(302, ''), 'unreachable', 'MetadataUnreachable'],
    [answer(200, '<html>log in</html>'), 'refused', 'CredentialsUnreadable'],
    [answer(200, '{"Code":"Failed"}'), 'refused', 'RoleRefused'],
    [
      answer(200, JSON.stringify({ ...good, TmpSecretKey: 'kept-secret\r\nX: y' })),
      'refused',
      'CredentialsUnreadable',
    ],
    [answer(200, JSON.stringify({ ...good, Token: { a: 1 } })), 'refused', 'CredentialsUnreadable'],
    [answer(200, JSON.stringify({ ...good, ExpiredTime: 'soon' })), 'refused', 'CredentialsUnreadable'],
    [answer(200, 'x'.repeat(100_000)), 'unreachable', 'MetadataUnreachable'],
    [{ kind: 'expired' as const }, 'unreachable', 'CredentialsExpired'],
  ] as const) {
    service.misbehave = misbehave;
    const failure = await ask();
    t.deepEqual(said(failure), [kind, code], JSON.stringify(misbehave).slice(0, 80));
    t.false(`${failure.message}${failure.stack}`.includes('kept-secret'));
  }
  const away = await failureOf(t, fetchFromRole('backup', { url: 'http://127.0.0.1:1', signal }));
  t.deepEqual([...said(away), away.message], ['unreachable', 'MetadataUnreachable', 'ECONNREFUSED']);
});

test('how long credentials last goes by the clock of who gives them: this machine’s may be wrong', async t => {
  const service = await metadataService(t, await localCos(t), { life: 7200_000 });
  for (const ahead of [48 * 3600_000, -48 * 3600_000]) {
    service.ahead = ahead;
    const { life } = await fetchFromRole('backup', { url: service.url, signal });
    t.true(Math.abs((life ?? 0) - 7200_000) < 60_000, String(life));
  }
});

test('a list of roles that is none is not taken for a name', async t => {
  const service = await metadataService(t, await localCos(t));
  service.misbehave = { kind: 'answer', status: 200, body: '<html>log in</html>' };
  const failure = await failureOf(t, fetchFromRole(undefined, { url: service.url, signal }));
  t.deepEqual(said(failure), ['refused', 'CredentialsUnreadable']);
});

const POD = {
  TKE_REGION: 'ap-guangzhou',
  TKE_PROVIDER_ID: 'cls-1',
  TKE_ROLE_ARN: 'qcs::cam::uin/1:roleName/backup',
};

test('a pod’s web identity is exchanged at the STS, and read anew each time', async t => {
  const server = await localCos(t);
  const file = join(server.dir, 'token');
  writeFileSync(file, 'a-web-identity\n');
  const sts = await stsService(t, server, { token: 'a-web-identity' });
  const environment: NodeJS.ProcessEnv = { ...POD, TKE_WEB_IDENTITY_TOKEN_FILE: file };
  const ask = () => fetchFromPod({ environment, url: sts.url, proxyOf: () => undefined, signal });
  const { credentials, role, life } = await ask();
  t.regex(credentials.secretId, /^AKID/);
  t.is(role, POD.TKE_ROLE_ARN);
  t.true((life ?? 0) > 3000_000);

  writeFileSync(file, 'a-later-web-identity');
  const refused = await failureOf(t, ask());
  t.deepEqual(said(refused), ['refused', 'StsRefused']);
  t.regex(refused.message, /^InvalidParameter: /);
  t.false(refused.message.includes('a-later-web-identity'));
  t.is(JSON.parse(sts.body).WebIdentityToken, 'a-later-web-identity');

  rmSync(file);
  t.is((await failureOf(t, ask())).code, 'WebIdentityMissing');
  delete environment.TKE_ROLE_ARN;
  const missing = await failureOf(t, ask());
  t.deepEqual([missing.code, missing.message], ['WebIdentityMissing', 'TKE_ROLE_ARN']);
});

test('an STS that is away is told so', async t => {
  const server = await localCos(t);
  const file = join(server.dir, 'token');
  writeFileSync(file, 'a-web-identity');
  const environment = { ...POD, TKE_WEB_IDENTITY_TOKEN_FILE: file };
  const asked = fetchFromPod({ environment, url: 'http://127.0.0.1:1', proxyOf: () => undefined, signal });
  t.deepEqual(said(await failureOf(t, asked)), ['unreachable', 'StsUnreachable']);
});

/** Runs a script as the command. */
const command = (script: string, more: Partial<Parameters<typeof fetchFromCommand>[1]> = {}) =>
  fetchFromCommand([process.execPath, '-e', script], { signal, ...more });
const prints = (value: unknown) => `console.log(${JSON.stringify(JSON.stringify(value))})`;

test('a command’s credentials are taken, with its time in either spelling', async t => {
  const pair = { SecretId: 'AKIDx', SecretKey: 'key' };
  t.deepEqual(await command(prints(pair)), {
    credentials: { secretId: 'AKIDx', secretKey: 'key', token: undefined },
    life: undefined,
    role: undefined,
  });
  const later = Date.now() + 3600_000;
  for (const Expiration of [new Date(later).toISOString(), Math.floor(later / 1000), String(later / 1000)]) {
    const { credentials, life } = await command(prints({ ...pair, Token: 't', Expiration }));
    t.is(credentials.token, 't');
    t.true(Math.abs((life ?? 0) - 3600_000) < 60_000, String(Expiration));
  }
});

test('a command that fails is told with what it says, and without what may be a secret', async t => {
  const failure = await failureOf(
    t,
    command(
      'console.log("stdout-is-never-shown"); console.error("vault: token=s.abcdef permission denied for AKIDabcdefgh, ' +
        '0123456789abcdef0123456789abcdef"); process.exit(3)',
    ),
  );
  t.deepEqual(said(failure), ['refused', 'CredentialsCommandFailed']);
  t.is(failure.message, 'exit code 3: vault: token=… permission denied for …, …');
});

test('a command that is missing, prints something else, or does not end is told so', async t => {
  const missing = await failureOf(t, fetchFromCommand(['/nowhere/keys'], { signal }));
  t.deepEqual(
    [...said(missing), missing.message],
    ['refused', 'CredentialsCommandNotStarted', '/nowhere/keys: ENOENT'],
  );
  for (const text of ['kept-secret', '[]', '{"SecretId":"AKIDx"}', '{"SecretId":"a b","SecretKey":"x"}']) {
    const failure = await failureOf(t, command(`console.log(${JSON.stringify(text)})`));
    t.deepEqual(said(failure), ['refused', 'CredentialsUnreadable'], text);
    t.false(`${failure.message}${failure.stack}${String(failure.cause)}`.includes('kept-secret'));
  }
  const endless = await failureOf(t, command('setInterval(() => {}, 1000)', { timeLimit: 300 }));
  t.deepEqual(said(endless), ['refused', 'CredentialsCommandTimedOut']);
});

test('no shell reads the command', async t => {
  if (process.platform === 'win32') return t.pass();
  const folder = mkdtempSync(join(tmpdir(), 'cos_sync-keys-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const script = join(folder, 'give keys; exit 1');
  writeFileSync(script, `#!/bin/sh\nprintf '{"SecretId":"AKIDx","SecretKey":"%s"}' "$1"\n`);
  chmodSync(script, 0o700);
  const { credentials } = await fetchFromCommand([script, '$(id)'], { signal });
  t.is(credentials.secretKey, '$(id)');
});
