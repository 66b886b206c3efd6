/** The program of a thread that sends small files: it is told several at a time, and answers of several together. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import type { Access } from '../../cos/access.ts';
import { createClock } from '../../cos/clock.ts';
import { verify } from '../../cos/confirmation.ts';
import type { Credentials } from '../../cos/credentials/credentials.ts';
import { type ObjectAttributes, objectHeaders } from '../../cos/headers.ts';
import { createHttp } from '../../cos/http/http.ts';
import { putObject } from '../../cos/put-object.ts';
import { Failure, localFailure, type PlainFailure, plainOf } from '../../failure.ts';
import { crc64Of, md5Of } from '../local/content-hash.ts';
import { refuseOutside } from '../local/no-way-out.ts';
import { EXACT, type FileState, fileChanged, growth, stateOf } from '../local/read-file.ts';
import { progressIn } from './read-progress.ts';
import { SEND_OTHERWISE, type Uploaded } from './uploaded.ts';

/** What a thread needs to know to send files. */
export interface SendingRules {
  access: Omit<Access, 'credentials'>;
  attributes: ObjectAttributes;
  keepMtime: boolean;
  /** bytes of the largest file that it sends */
  largest: number;
  /** How files are opened. */
  flags: number;
  /** Of no-way-out.ts. */
  bound: string | undefined;
}

/** What it shares with the thread that started it. */
export interface SharedMemory {
  /** Of read-progress.ts. */
  progress: SharedArrayBuffer;
  /** Of cos/clock.ts. */
  clock: SharedArrayBuffer;
}

/** Files that are told together. */
export interface Batch {
  /** Where they are others than before. */
  credentials: Credentials | undefined;
  files: FileToSend[];
}

export interface FileToSend {
  /** Never 0. */
  id: number;
  /** For the file system's calls. */
  path: string;
  key: string;
  /** Whether what a growing file had at its opening is to be sent. */
  mayGrow: boolean;
}

export type SendAnswer = { id: number; readMs: number } & ({ sent: Uploaded } | { failure: PlainFailure });

/** Answers that go together, as a share of what is under way; and the ms that one waits for others. */
const TOGETHER = 0.25;
const LATEST = 1;

const { access, attributes, keepMtime, largest, flags, bound, ...memory } = workerData as SendingRules &
  SharedMemory;
const progress = progressIn(memory.progress);
let credentials: Credentials;
// Others are fetched by the thread that started this one.
const holder = { current: () => credentials, renewed: async () => undefined, about };
const http = createHttp({ ...access, credentials: holder }, createClock(memory.clock));
/** Memory of files that are sent. */
const idle: Buffer[] = [];
let answers: SendAnswer[] = [];
let later: NodeJS.Timeout | undefined;
/** Files that are not answered yet. */
let underWay = 0;

parentPort?.on('message', (batch: Batch) => {
  credentials = batch.credentials ?? credentials;
  underWay += batch.files.length;
  for (const file of batch.files) void answerTo(file);
});

// Until then it would be given work that it cannot begin.
parentPort?.postMessage('ready');

function about() {
  return { role: undefined, expires: undefined };
}

async function answerTo(file: FileToSend): Promise<void> {
  const { id } = file;
  let readMs = 0;
  try {
    const sent = await send(file, ms => (readMs = ms));
    say({ id, readMs, sent });
  } catch (error) {
    say({ id, readMs, failure: plainOf(localFailure(error)) });
  }
}

/** To wake the other thread costs more than the answer: several go together, where as many are on their way. */
function say(answer: SendAnswer): void {
  answers.push(answer);
  underWay--;
  if (answers.length > underWay * TOGETHER) sayAll();
  else if (answers.length === 1) later = setTimeout(sayAll, LATEST);
}

function sayAll(): void {
  clearTimeout(later);
  parentPort?.postMessage(answers);
  answers = [];
}

/** @throws Failure; the system's error */
async function send(file: FileToSend, onRead: (ms: number) => void): Promise<Uploaded> {
  const buffer = idle.pop() ?? Buffer.allocUnsafeSlow(largest);
  const readAt = Date.now();
  const { state, bytes, hasGrown } = timed(onRead, () => read(file, buffer));
  const hash = md5Of(bytes);
  const headers = objectHeaders(attributes, file.key, keepMtime ? state.mtimeNs : undefined);
  const confirmation = await putObject(http.send, file.key, bytes, Buffer.from(hash, 'hex'), headers);
  await verify(confirmation, { md5: hash, crc64: () => crc64Of(bytes) });
  // Of a request that was given up somebody might still read it.
  idle.push(buffer);
  return { confirmation, state, readAt, hash, hasGrown };
}

function timed<T>(onEnd: (ms: number) => void, work: () => T): T {
  const begun = performance.now();
  try {
    return work();
  } finally {
    onEnd(performance.now() - begun);
  }
}

interface ReadFile {
  state: FileState;
  bytes: Buffer;
  hasGrown: boolean;
}

/** Reads a whole file; the thread that waits for the answer sees whether a call of the system comes back. */
function read(file: FileToSend, buffer: Buffer): ReadFile {
  if (!progress.begin(file.id)) throw otherwise();
  try {
    const fd = openSync(file.path, flags);
    try {
      refuseOutside(fd, bound);
      return readOpen(fd, buffer, file.mayGrow);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw code === 'EMFILE' || code === 'ENFILE' ? otherwise() : error;
  } finally {
    progress.end();
  }
}

function readOpen(fd: number, buffer: Buffer, mayGrow: boolean): ReadFile {
  progress.moved();
  const state = stateOf(fstatSync(fd, EXACT));
  const { size } = state;
  if (size > largest) throw otherwise();
  if (size === 0 && readSync(fd, buffer, 0, 1, 0) > 0) throw otherwise();
  let filled = 0;
  while (filled < size) {
    const count = readSync(fd, buffer, filled, size - filled, filled);
    if (count === 0) throw fileChanged();
    filled += count;
    progress.moved();
  }
  const hasGrown = growth(state, stateOf(fstatSync(fd, EXACT)), mayGrow);
  return { state, bytes: buffer.subarray(0, size), hasGrown };
}

function otherwise(): Failure {
  return new Failure('local', { code: SEND_OTHERWISE });
}
