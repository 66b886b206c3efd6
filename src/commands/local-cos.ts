import { once } from 'node:events';
import { join } from 'node:path';
import { exitCodeOfError } from '../cli/exit-codes.ts';
import type { Invocation } from '../cli/invocation.ts';
import { usageFault } from '../config/faults.ts';
import { startLocalCos } from '../local-cos/server.ts';

export interface LocalCosCommand {
  /** As it was written; absent: any free one. */
  port: string | undefined;
  /** Absent: `local-cos` under the current folder. */
  dir: string | undefined;
}

/** `cos_sync local-cos`: a COS for this machine, until a signal ends it. */
export async function localCosCommand(invocation: Invocation, command: LocalCosCommand): Promise<number> {
  const { terminal, words, signal, style } = invocation;
  const dir = command.dir ?? join(process.cwd(), 'local-cos');
  const onRequest = ({
    method,
    path,
    status,
    ms,
  }: {
    method: string;
    path: string;
    status: number;
    ms: number;
  }) => style.verbose && terminal.err(`${method} ${path} ${status} ${ms.toFixed(1)} ms\n`);
  const port = portOf(command.port);
  const server = await startLocalCos({ dir, port, onRequest }).catch(error => {
    if ((error as NodeJS.ErrnoException).code !== 'EBUSY') throw error;
    throw usageFault('--dir', 'folderInUse', { value: dir });
  });
  const { url, secretId, secretKey, bucket, region } = server;
  const config = { secret_id: secretId, secret_key: secretKey, bucket, region, endpoint: url };
  terminal.out(
    style.json
      ? `${JSON.stringify({ url, dir: server.dir, ...config })}\n`
      : `${words.localCos.listening(url, server.dir)}\n${words.localCos.configure}\n${snippet(config)}\n${words.localCos.stop}\n`,
  );
  if (!signal.aborted) await once(signal, 'abort');
  await server.close();
  return exitCodeOfError(signal.reason);
}

const MAX_PORT = 65_535;

function portOf(text = '0'): number {
  const port = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (port <= MAX_PORT) return port;
  throw usageFault('--port', 'notNumber', { value: text, min: 0, max: MAX_PORT });
}

function snippet(config: Record<string, string>): string {
  return Object.entries(config)
    .map(([key, value]) => `  ${`"${key}"`.padEnd(14)}: ${JSON.stringify(value)},`)
    .join('\n');
}
