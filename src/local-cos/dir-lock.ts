import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { systemCode } from './errors.ts';

/**
 * A program that this process starts holds a name that was just released, too, until it runs. So many tries
 * after the first, and ms between them.
 */
const TRIES = 5;
const PAUSE = 100;

/**
 * Holds a folder for this process until released. The lock is a listening name of the operating system
 * (an abstract socket, a named pipe), so it ends with the process and never has to be cleaned up; where
 * there is no such thing the folder is not locked.
 * @throws Error with the code EBUSY when another server holds the folder
 */
export async function lockDir(dir: string): Promise<{ release: () => Promise<void> }> {
  const name = lockName(dir);
  if (name === undefined) return { release: async () => {} };
  const server = createServer(socket => socket.destroy());
  for (let tries = 0; !(await isListening(server, name)); tries++) {
    if (tries === TRIES) {
      throw Object.assign(new Error(`another local COS server is using ${dir}`), { code: 'EBUSY' });
    }
    await delay(PAUSE);
  }
  server.unref();
  return { release: () => new Promise(settle => server.close(() => settle())) };
}

function lockName(dir: string): string | undefined {
  const hash = createHash('sha256').update(realpathSync(dir)).digest('hex');
  if (process.platform === 'linux') return `\0local-cos-${hash}`;
  if (process.platform === 'win32') return `\\\\.\\pipe\\local-cos-${hash}`;
  return undefined;
}

/** @returns false where another server listens by that name */
function isListening(server: Server, name: string): Promise<boolean> {
  return new Promise((settle, reject) => {
    const fail = (error: Error) => (systemCode(error) === 'EADDRINUSE' ? settle(false) : reject(error));
    server.once('error', fail);
    server.listen(name, () => {
      server.off('error', fail);
      settle(true);
    });
  });
}
