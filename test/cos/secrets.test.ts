import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { listBuckets } from '../../src/cos/account.ts';
import { openStore } from '../../src/cos/client.ts';
import { holdFixed } from '../../src/cos/credentials/holder.ts';
import type { Failure } from '../../src/failure.ts';

const SECRET_KEY = 'k3yThatMustNeverBeSeenAnywhere01';
const TOKEN = 'tokenThatMustNeverBeSeenAnywhere-0123456789';

/** A server that answers with what it was sent, and how it is reached. */
async function parrot(t: ExecutionContext, status: number, root: string, headers: string[] = []) {
  const signatures: string[] = [];
  const server = createServer((request, answer) => {
    const heard = signatureOf(request);
    signatures.push(heard);
    const said = `${SECRET_KEY} ${TOKEN} ${heard}`;
    const named = headers.map(name => [name, TOKEN]);
    const inner = `<Key>a</Key><Code>AccessDenied</Code><Message>${said}</Message>`;
    const body = root === 'Error' ? inner : `<Error>${inner}</Error>`;
    request.resume().on('end', () => {
      answer.writeHead(status, Object.fromEntries(named));
      answer.end(`<${root}>${body}</${root}>`);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const account = {
    credentials: holdFixed({ secretId: 'AKIDexample', secretKey: SECRET_KEY, token: TOKEN }),
    protocol: 'http:' as const,
    timeout: 5,
    proxy: undefined,
    userAgent: 'test',
  };
  return { host, account, signatures };
}

function signatureOf({ headers }: IncomingMessage): string {
  return /q-signature=(\w+)/.exec(headers.authorization ?? '')?.[1] ?? 'no signature';
}

function seesNone(t: ExecutionContext, said: unknown, signatures: readonly string[]): void {
  for (const secret of [SECRET_KEY, TOKEN, ...signatures]) {
    t.false(JSON.stringify(said).includes(secret), secret);
  }
}

test('a refused bucket list quotes no secret', async t => {
  const { host, account, signatures } = await parrot(t, 403, 'Error', ['x-cos-request-id']);
  const failure = await t.throwsAsync<Failure>(listBuckets({ ...account, proxy: `http://${host}` }));
  const { message, code, requestId, stack } = failure as Failure;
  t.true(signatures.length > 0);
  seesNone(t, { message, code, requestId, stack }, signatures);
});

test("a deletion's own errors, and the IDs of requests that succeeded, quote no secret", async t => {
  const { host, account, signatures } = await parrot(t, 200, 'DeleteResult', ['x-cos-request-id']);
  const place = { bucket: 'example-1250000000', region: 'ap-guangzhou', host };
  const store = openStore({ ...account, ...place });
  t.teardown(() => store.close());
  const { failed, requestId } = await store.deleteMany(['a']);
  t.is(failed.size, 1);
  const own = [...failed.values()].map(({ code, message }) => ({ code, message }));
  seesNone(t, { own, requestId }, signatures);
});
