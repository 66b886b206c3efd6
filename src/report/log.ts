import { accessSync, constants, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { createStream, type Generator, type RotatingFileStream } from 'rotating-file-stream';
import type { Done, Failed, RunListener } from '../engine/listener.ts';
import { makeFolder } from '../make-folder.ts';
import { describe } from './describe.ts';
import { logLine } from './log-line.ts';
import { byName } from './words/call.ts';
import { en } from './words/en.ts';

const ROTATED_AT = '100M';
const KEPT = 20;
const ENGLISH = en(byName);
/** Lines are written together, at the latest after this many ms: a write costs more than the line. */
const WRITE_INTERVAL = 100;
const MAX_WAITING = 250;

/** Stands in place of a run's number where a line is about none. */
const NO_RUN = '-';

/**
 * log/cos_sync.log: one line an event, `time level event run=number name=value …`. Always in English, so that it
 * greps well. Paths are relative to local_path, which a run's first line names.
 */
export interface Log {
  info(event: string, values?: Readonly<Record<string, unknown>>): void;
  error(event: string, values?: Readonly<Record<string, unknown>>): void;
  /** @param run its number, where it has one */
  ofRun(run: number | 'dry' | undefined): RunLog;
  close(): Promise<void>;
}

/** The log of what is about one run. */
export interface RunLog extends RunListener, Pick<Log, 'info' | 'error'> {}

type Write = (level: string, event: string, values?: Readonly<Record<string, unknown>>) => void;

/**
 * Opens the log. A log that cannot be written is no reason to keep the backup from running.
 * @param onUnwritable is told the system's error code, once
 */
export function openLog(file: string, onUnwritable: (code: string) => void): Log {
  const target = openTarget(file, onUnwritable);
  let waiting: string[] = [];
  let timer: NodeJS.Timeout | undefined;
  const writeWaiting = () => {
    clearTimeout(timer);
    timer = undefined;
    if (waiting.length > 0) target.write(waiting.join(''));
    waiting = [];
  };

  const writeFor =
    (run: string): Write =>
    (level, event, values = {}) => {
      waiting.push(logLine(level, event, { run, ...values }));
      if (waiting.length >= MAX_WAITING) writeWaiting();
      else timer ??= setTimeout(writeWaiting, WRITE_INTERVAL).unref();
    };

  const write = writeFor(NO_RUN);
  return {
    info: (event, values) => write('info', event, values),
    error: (event, values) => write('error', event, values),
    ofRun: run => runLog(writeFor(nameOf(run))),
    close() {
      writeWaiting();
      return target.close();
    },
  };
}

function nameOf(run: number | 'dry' | undefined): string {
  return run === undefined ? `pid${process.pid}` : String(run);
}

function runLog(write: Write): RunLog {
  return {
    info: (event, values) => write('info', event, values),
    error: (event, values) => write('error', event, values),
    done: (done: Done) => write('ok', done.operation, valuesOf(done)),
    failed: ({ operation, path, key, failure }: Failed) => {
      const { code, message } = describe(failure, ENGLISH);
      const { status, requestId } = failure;
      const stack = failure.kind === 'defect' ? failure.stack : undefined;
      write('fail', operation, { path, key, code, message, status, request_id: requestId, stack });
    },
    resumed: (path, { parts, allParts, bytes }) =>
      write('info', 'resumed', { path, message: `resumed, ${parts} of ${allParts} parts`, bytes }),
    skipped: (path, { code }) => write('skip', 'scan', { path, code }),
    grew: path => write('grew', 'uploadFile', { path }),
    retried: ({ code, status, requestId, message }, pause) =>
      write('retry', 'request', {
        code,
        status,
        request_id: requestId,
        message,
        pause_ms: Math.round(pause),
      }),
    held: ({ count, reason, place }) => write('held', 'delete', { count, reason, place: place || '.' }),
    unmatched: ({ include, exclude, leavesNoFile }) => {
      if (include.length + exclude.length === 0 && !leavesNoFile) return;
      write('info', 'unmatched', {
        include: JSON.stringify(include),
        exclude: JSON.stringify(exclude),
        leaves_no_file: leavesNoFile,
      });
    },
  };
}

interface Target {
  write(text: string): void;
  close(): Promise<void>;
}

/** The file itself; one that somebody moves or removes is opened anew. */
function openTarget(file: string, onUnwritable: (code: string) => void): Target {
  let stream: RotatingFileStream | undefined;
  /** undefined while the stream opens or rotates its file */
  let inode: number | undefined;

  function open(): void {
    inode = undefined;
    const opened = createStream(rotatedName(file), { size: ROTATED_AT, rotate: KEPT, path: dirname(file) });
    stream = opened;
    opened.on('error', (error: NodeJS.ErrnoException) => {
      if (stream !== opened) return;
      stream = undefined;
      onUnwritable(error.code ?? error.message);
    });
    opened.on('rotation', () => {
      inode = undefined;
    });
    opened.on('open', () => {
      if (stream === opened) inode = inodeOf(file);
    });
  }

  try {
    makeFolder(dirname(file));
    accessSync(dirname(file), constants.W_OK);
    open();
  } catch (error) {
    onUnwritable((error as NodeJS.ErrnoException).code ?? '');
  }
  return {
    write(text) {
      if (stream && inode !== undefined && inodeOf(file) !== inode) {
        stream.end();
        open();
      }
      stream?.write(text);
    },
    close: () =>
      new Promise(resolve => {
        if (!stream) return resolve();
        stream.once('error', () => resolve());
        stream.end(() => resolve());
      }),
  };
}

/** undefined where the file cannot be looked at. */
function inodeOf(file: string): number | undefined {
  try {
    return statSync(file, { throwIfNoEntry: false })?.ino;
  } catch {
    return undefined;
  }
}

/** cos_sync.log, and cos_sync.log.1 (the newest) to .20 beside it. */
function rotatedName(file: string): Generator {
  return index => (index ? `${basename(file)}.${index}` : basename(file));
}

function valuesOf({ path, key, bytes, status, requestId, movedFrom }: Done) {
  return { path, key, bytes, status, request_id: requestId, moved_from: movedFrom };
}
