import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { type Sandbox, sandbox } from '../support/sandbox.ts';
import { testWhere } from '../support/test-where.ts';

const SECRET_KEY = 'k3yThatMustNeverBeSeenAnywhere01';
const TOKEN = 'tokenThatMustNeverBeSeenAnywhere-0123456789';

/** What a run printed and wrote must hold neither the secret nor a signature. */
function seesNoSecret(t: ExecutionContext, box: Sandbox, printed: string): void {
  const written = ['db', 'log'].flatMap(folder => [...box.filesIn(join(box.home, folder)).values()]);
  for (const text of [printed, ...written]) {
    t.false(text.includes(SECRET_KEY), 'the secret key');
    t.false(text.includes(TOKEN), 'the token');
    t.notRegex(text, /q-signature=[0-9a-f]/, 'a signature');
  }
}

test('answers that quote the request, and every kind of end, leave no secret anywhere', async t => {
  const box = await sandbox(t);
  box.configure({ secret_key: SECRET_KEY, token: TOKEN, retry_num: 1, multipart_threshold: 1 });
  for (let n = 0; n < 5; n++) box.write(`${n}.txt`, `${n}`);
  box.write('large.bin', Buffer.alloc(2 * 1024 * 1024));
  const answers = [
    { status: 403, code: 'SignatureDoesNotMatch' },
    { status: 403, code: 'AccessDenied' },
    { status: 500, code: 'InternalError' },
    { status: 400, code: 'InvalidArgument' },
    { status: 503, code: 'SlowDown' },
  ];
  for (const answer of answers) {
    box.proxy.fault = ({ headers }) => ({
      kind: 'status',
      ...answer,
      message: `you sent ${headers.authorization} and x-cos-security-token: ${headers['x-cos-security-token']}`,
    });
    for (const how of [['--verbose'], ['--json']]) {
      const { stdout, stderr } = await box.run(...how);
      seesNoSecret(t, box, stdout + stderr);
    }
  }
  box.proxy.fault = () => ({ kind: 'reset' });
  const lost = await box.run('--verbose');
  seesNoSecret(t, box, lost.stdout + lost.stderr);
  const history = await box.run('history', '--json');
  seesNoSecret(t, box, history.stdout + history.stderr);
});

test('a defect of the program ends it with 1 and one line, with no stack and no secret', async t => {
  const box = await sandbox(t);
  box.configure({ secret_key: SECRET_KEY, token: TOKEN });
  box.write('a.txt', 'a');
  const bomb = join(box.root, 'bomb.mjs');
  writeFileSync(bomb, "setTimeout(() => { throw new TypeError('something is undefined'); }, 1);");
  box.proxy.fault = () => ({ kind: 'hang' });
  const env = { NODE_OPTIONS: `--import=${pathToFileURL(bomb)}` };
  const { code, stdout, stderr } = await box.startAs({ env }, '--quiet').ended;
  t.is(code, 1);
  t.regex(stderr, /^cos_sync: unexpected error: something is undefined[^\n]*\n$/);
  t.regex(
    box.log(),
    / error unexpected run=- message="TypeError: something is undefined" stack=".*bomb\.mjs/,
  );
  seesNoSecret(t, box, stdout + stderr);
});

test("a defect is told in the configuration's language", async t => {
  const box = await sandbox(t);
  box.configure({ lang: 'zh' });
  const bomb = join(box.root, 'bomb.mjs');
  writeFileSync(bomb, "setTimeout(() => { throw new TypeError('something is undefined'); }, 1000);");
  const env = { NODE_OPTIONS: `--import=${pathToFileURL(bomb)}` };
  const { code, stderr } = await box.startAs({ env }, 'local-cos', '--dir', join(box.root, 'other')).ended;
  t.is(code, 1);
  t.regex(stderr, /^cos_sync: 意外错误：something is undefined[^\n]*\n$/);
});

test('a configuration that others can read is warned of, and used', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'a');
  t.notRegex((await box.run()).stderr, /readable by others/);
  chmodSync(join(box.home, 'conf', 'config.json'), 0o644);
  const { code, stderr } = await box.run();
  t.is(code, 0);
  t.regex(stderr, /readable by others: chmod 600/);
});

const withOpenssl = testWhere(
  spawnSync('openssl', ['version']).status === 0,
  'openssl is missing (apt-get install openssl)',
);

withOpenssl('a server whose certificate nobody vouches for is refused, and gets no request', async t => {
  const box = await sandbox(t);
  const { server, port, seen } = await selfSigned(box);
  t.teardown(() => server.close());
  box.configure({ endpoint: `https://127.0.0.1:${port}` });
  box.write('a.txt', 'a');
  const { code, stderr } = await box.run('--quiet');
  t.is(code, 5);
  t.regex(stderr, /COS refuses: .*(SELF_SIGNED|CERT)/);
  t.is(seen.length, 0);
  const certificate = join(box.root, 'cert.pem');
  const trusting = box.startAs({ env: { NODE_EXTRA_CA_CERTS: certificate } }, '--quiet', '--retry-num', '0');
  t.not((await trusting.ended).code, 0, 'the test server is no COS');
  t.true(seen.length > 0, 'a certificate that is vouched for is taken');
});

test('nothing in the program turns the checking of certificates off', t => {
  const found = spawnSync(
    'grep',
    ['-rnE', 'NODE_TLS_REJECT_UNAUTHORIZED|rejectUnauthorized|StrictSsl|strictSSL', 'src'],
    { cwd: join(import.meta.dirname, '..', '..'), encoding: 'utf8' },
  );
  const isTurnedOn = (line: string) => line.includes('delete process.env.NODE_TLS_REJECT_UNAUTHORIZED');
  t.deepEqual(
    found.stdout.split('\n').filter(line => line !== '' && !isTurnedOn(line)),
    [],
  );
});

async function selfSigned(box: Sandbox): Promise<{ server: Server; port: number; seen: string[] }> {
  const [key, cert] = ['key.pem', 'cert.pem'].map(name => join(box.root, name)) as [string, string];
  const made = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-subj', '/CN=127.0.0.1'];
  const names = ['-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert];
  execFileSync('openssl', [...made, ...names], { stdio: 'ignore' });
  const seen: string[] = [];
  const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (request, answer) => {
    seen.push(request.url ?? '');
    answer.writeHead(400).end();
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return { server, port: (server.address() as AddressInfo).port, seen };
}
