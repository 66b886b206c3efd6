/**
 * The bare server for those who fetch, a process of its own: it holds what the options say, and computes nothing
 * for it.
 *
 * Options: --port N, --delay MS before each answer; --files N of --size BYTES, or one of --large BYTES, below
 * stock/.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { BLOCK, crc64OfBlocks } from './block.ts';
import { createStock } from './stock.ts';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    delay: { type: 'string', default: '0' },
    files: { type: 'string', default: '0' },
    size: { type: 'string', default: '0' },
    large: { type: 'string', default: '0' },
  },
});
const delay = Number(values.delay);
const stock = createStock(
  { files: Number(values.files), size: Number(values.size), large: Number(values.large), block: BLOCK },
  crc64OfBlocks,
);
const NOTHING = '<?xml version="1.0"?><ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>';

const server = createServer({ keepAliveTimeout: 60_000, noDelay: true }, (request, response) => {
  const answer = () => {
    response.setHeader('x-cos-request-id', 'bench');
    if (stock.answer(request, response)) return;
    if (request.method === 'HEAD') response.writeHead(404).end();
    else response.writeHead(200, { 'Content-Type': 'application/xml' }).end(NOTHING);
  };
  request.resume().on('end', () => {
    if (delay === 0) answer();
    else setTimeout(answer, delay);
  });
});
server.listen(Number(values.port), '127.0.0.1', () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
});
process.on('SIGTERM', () => process.exit(0));
