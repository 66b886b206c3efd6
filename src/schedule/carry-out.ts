import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeFolder } from '../make-folder.ts';
import { editCrontab } from './cron.ts';
import { ScheduleFailed } from './errors.ts';
import { markOf, type Step } from './job.ts';

/** What `crontab -l` says where there is no crontab yet: Vixie's and cronie's words, and BusyBox's. */
const NO_CRONTAB = /no crontab for|can't open .*: No such file/i;

/**
 * Does one step after the other. Where one fails, files that were written are put back as they were.
 * @param name the schedule's name: a file without its mark is neither overwritten nor deleted
 * @throws ScheduleFailed
 */
export function carryOut(steps: readonly Step[], name: string): void {
  const before = new Map<string, Buffer | undefined>();
  try {
    for (const step of steps) {
      if (step.do === 'run') run(step.command);
      else if (step.do === 'crontab') changeCrontab(step.name, step.line);
      else changeFile(step, name, before);
    }
  } catch (error) {
    for (const [path, content] of before) putBack(path, content);
    throw error;
  }
}

function putBack(path: string, content: Buffer | undefined): void {
  try {
    if (content === undefined) rmSync(path, { force: true });
    else writeFileSync(path, content);
  } catch {
    // The first failure is what is told.
  }
}

/** Whether the user's crontab has a line for the schedule of this name. @throws ScheduleFailed */
export function isInCrontab(name: string): boolean {
  const before = readCrontab();
  return editCrontab(before, name, undefined) !== before;
}

function changeFile(
  step: Extract<Step, { path: string }>,
  name: string,
  before: Map<string, Buffer | undefined>,
): void {
  const { path } = step;
  try {
    const content = contentUnlessForeign(path, name);
    if (step.do === 'delete') {
      rmSync(path, { force: true });
      return;
    }
    before.set(path, content);
    makeFolder(dirname(path));
    writeFileSync(path, step.text, { encoding: step.encoding });
  } catch (error) {
    if (error instanceof ScheduleFailed) throw error;
    throw new ScheduleFailed('fileRefused', path, (error as NodeJS.ErrnoException).code);
  }
}

/** What the file holds; undefined where there is none. @throws ScheduleFailed where it is not ours */
function contentUnlessForeign(path: string, name: string): Buffer | undefined {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const isOurs = (['utf8', 'utf16le'] as const).some(encoding =>
    bytes.toString(encoding).includes(markOf(name)),
  );
  if (!isOurs) throw new ScheduleFailed('foreignFile', path);
  return bytes;
}

function changeCrontab(name: string, line: string | undefined): void {
  run(['crontab', '-'], editCrontab(readCrontab(), name, line));
}

function readCrontab(): string {
  try {
    return run(['crontab', '-l']);
  } catch (error) {
    // Any other failure must not lead to a crontab of our line alone.
    if (error instanceof ScheduleFailed && NO_CRONTAB.test(error.reason)) return '';
    throw error;
  }
}

function run([program, ...args]: readonly [string, ...string[]], input = ''): string {
  const { error, status, signal, stdout, stderr } = spawnSync(program, args, {
    input,
    windowsHide: true,
    // NO_CRONTAB is English.
    env: { ...process.env, LC_ALL: 'C' },
  });
  const subject = [program, ...args].join(' ');
  if ((error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') {
    throw new ScheduleFailed('toolMissing', program);
  }
  if (error && status === null) throw new ScheduleFailed('toolFailed', subject, error.message);
  if (status === 0) return decode(stdout);
  const said = [stderr, stdout].map(bytes =>
    decode(bytes)
      .trim()
      .replace(/\s*\n\s*/g, '; '),
  );
  throw new ScheduleFailed('toolFailed', subject, said.find(text => text !== '') ?? String(signal ?? status));
}

/** UTF-8, or where it is not: what Windows' own programs print in Chinese. */
function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('gbk').decode(bytes);
  }
}
