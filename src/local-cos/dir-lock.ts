import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { systemCode } from './errors.ts';

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
  try {
    await listen(server, name);
  } catch (error) {
    if (systemCode(error) !== 'EADDRINUSE') throw error;
    throw Object.assign(new Error(`another local COS server is using ${dir}`), { code: 'EBUSY' });
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

function listen(server: Server, name: string): Promise<void> {
  return new Promise((settle, reject) => {
    server.once('error', reject);
    server.listen(name, () => {
      server.off('error', reject);
      settle();
    });
  });
}
