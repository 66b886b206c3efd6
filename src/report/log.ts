import { accessSync, constants, mkdirSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { createStream, type Generator, type RotatingFileStream } from 'rotating-file-stream';
import type { Done, Failed, RunListener } from '../engine/listener.ts';
import { describe } from './describe.ts';
import { logLine } from './log-line.ts';
import { en } from './words/en.ts';

const ROTATED_AT = '100M';
const KEPT = 20;
/** Lines are written together, at the latest after this many ms: a write costs more than the line. */
const WRITE_INTERVAL = 100;
const MAX_WAITING = 250;

/** log/cos_sync.log: one line an event, `time level event name=value …`. Always in English, so that it greps well. */
export interface Log extends RunListener {
  info(event: string, values?: Readonly<Record<string, unknown>>): void;
  error(event: string, values?: Readonly<Record<string, unknown>>): void;
  close(): Promise<void>;
}

/**
 * Opens the log. A log that cannot be written is no reason to keep the backup from running.
 * @param onUnwritable is told the system's error code, once
 */
export function openLog(file: string, onUnwritable: (code: string) => void): Log {
  let stream: RotatingFileStream | undefined;
  const giveUp = (error: NodeJS.ErrnoException) => {
    if (!stream) return;
    stream = undefined;
    onUnwritable(error.code ?? error.message);
  };
  try {
    mkdirSync(dirname(file), { recursive: true });
    accessSync(dirname(file), constants.W_OK);
    stream = createStream(rotatedName(file), { size: ROTATED_AT, rotate: KEPT, path: dirname(file) });
    stream.on('error', giveUp);
  } catch (error) {
    onUnwritable((error as NodeJS.ErrnoException).code ?? '');
  }

  let waiting: string[] = [];
  let timer: NodeJS.Timeout | undefined;
  const writeWaiting = () => {
    clearTimeout(timer);
    timer = undefined;
    if (waiting.length > 0) stream?.write(waiting.join(''));
    waiting = [];
  };

  const write = (level: string, event: string, values: Readonly<Record<string, unknown>> = {}) => {
    waiting.push(logLine(level, event, values));
    if (waiting.length >= MAX_WAITING) writeWaiting();
    else timer ??= setTimeout(writeWaiting, WRITE_INTERVAL).unref();
  };

  return {
    info: (event, values) => write('info', event, values),
    error: (event, values) => write('error', event, values),
    done: (done: Done) => write('ok', done.operation, valuesOf(done)),
    failed: ({ operation, path, key, failure }: Failed) => {
      const { code, message } = describe(failure, en);
      const { status, requestId } = failure;
      const stack = failure.kind === 'defect' ? failure.stack : undefined;
      write('fail', operation, { path, key, code, message, status, request_id: requestId, stack });
    },
    skipped: (path, { code }) => write('skip', 'scan', { path, code }),
    retried: ({ code, status, requestId, message }, pause) =>
      write('retry', 'request', {
        code,
        status,
        request_id: requestId,
        message,
        pause_ms: Math.round(pause),
      }),
    held: (count, reason) => write('held', 'delete', { count, reason }),
    close: () =>
      new Promise(resolve => {
        writeWaiting();
        if (!stream) return resolve();
        stream.once('error', () => resolve());
        stream.end(() => resolve());
      }),
  };
}

/** cos_sync.log, and cos_sync.log.1 (the newest) to .20 beside it. */
function rotatedName(file: string): Generator {
  return index => (index ? `${basename(file)}.${index}` : basename(file));
}

function valuesOf({ path, key, bytes, status, requestId, movedFrom }: Done) {
  return { path, key, bytes, status, request_id: requestId, moved_from: movedFrom };
}
