import { createServer, type IncomingHttpHeaders, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createSigner, encodeStrictly } from '../../src/cos/http/signature.ts';
import type { LocalCos } from '../../src/local-cos/server.ts';

/**
 * Lets a client of S3 (path style, any signature) read what the embedded server holds: it signs each GET and HEAD
 * as COS wants it, and gives COS's headers S3's names.
 */
export async function startS3Gateway({ port, secretId, secretKey, bucket }: LocalCos): Promise<{
  url: string;
  close(): Promise<void>;
}> {
  const keys = { secretId, secretKey };
  const authorize = createSigner({ offset: 0 });
  const server = createServer((incoming, answer) => {
    const url = new URL(incoming.url ?? '/', 'http://gateway');
    const key = decodeURIComponent(url.pathname).replace(new RegExp(`^/${bucket}/?`), '');
    const query = Object.fromEntries(url.searchParams);
    const method = incoming.method as 'GET' | 'HEAD';
    const headers: Record<string, string> = { Host: `127.0.0.1:${port}` };
    for (const name of ['range', 'if-match']) {
      const value = incoming.headers[name];
      if (typeof value === 'string') headers[name] = value;
    }
    headers.Authorization = authorize(keys, { method, key, query, headers });
    const path = `/${key.split('/').map(encodeStrictly).join('/')}`;
    const asked = Object.entries(query).map(([name, value]) => `${name}=${encodeStrictly(value)}`);
    const onward = request(
      { host: '127.0.0.1', port, method, path: `${path}?${asked.join('&')}`, headers },
      response => {
        answer.writeHead(response.statusCode ?? 500, inS3(response.headers));
        response.pipe(answer);
      },
    );
    onward.on('error', () => incoming.socket.destroy());
    onward.end();
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise(resolve => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

function inS3(headers: IncomingHttpHeaders): Record<string, string | string[]> {
  const entries = Object.entries(headers).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    entries.map(([name, value]) => [name.replace(/^x-cos-/, 'x-amz-'), value as string | string[]]),
  );
}
