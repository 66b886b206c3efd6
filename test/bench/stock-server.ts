/**
 * The bare server for those who fetch, a process of its own: it holds what the options say, and computes nothing
 * for it.
 *
 * Options: --port N, --delay MS before each answer; --files N of --size BYTES, or one of --large BYTES, below
 * stock/.
 * GET /-/counts answers what arrived since the last time, and what it cost.
 */
import type { Socket } from 'node:net';
import { parseArgs } from 'node:util';
import { BLOCK, crc64OfBlocks } from './block.ts';
import { NOT_FOUND, type Request, serve, withBody } from './light-http.ts';
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
const stock = createStock(
  { files: Number(values.files), size: Number(values.size), large: Number(values.large), block: BLOCK },
  crc64OfBlocks,
);
const NOTHING = withBody(
  '<?xml version="1.0"?><ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>',
);

serve({ port: Number(values.port), delay: Number(values.delay) }, answer);

function answer(socket: Socket, request: Request): void {
  const pieces = stock.answerTo(request);
  if (pieces) send(socket, pieces[Symbol.iterator]());
  else socket.write(request.method === 'HEAD' ? NOT_FOUND : NOTHING, 'latin1');
}

/** Makes no more at a time than the other side takes. */
function send(socket: Socket, pieces: Iterator<Uint8Array>): void {
  for (let next = pieces.next(); !next.done; next = pieces.next()) {
    if (!socket.write(next.value)) return void socket.once('drain', () => send(socket, pieces));
  }
}
