import { join } from 'node:path';
import { exitCodeOfError } from '../../src/cli/exit-codes.ts';
import type { Invocation } from '../../src/cli/invocation.ts';
import { type HistoryCommand, historyCommand } from '../../src/commands/history.ts';
import { ledgerCommand } from '../../src/commands/ledger/ledger.ts';
import { restoreCommand } from '../../src/commands/restore/restore.ts';
import type { RestoreCommand } from '../../src/commands/restore/wanted.ts';
import { statusCommand } from '../../src/commands/status.ts';
import { syncCommand } from '../../src/commands/sync.ts';
import { verifyCommand } from '../../src/commands/verify.ts';
import { homeAt } from '../../src/config/home.ts';
import { errorLines } from '../../src/report/errors.ts';
import { wordsFor } from '../../src/report/language.ts';
import { byName } from '../../src/report/words/call.ts';
import type { Sandbox } from './sandbox.ts';

/** How a command ended that ran in this process, and what it printed. */
export interface EndedHere {
  code: number;
  out: string;
  err: string;
  /** What it printed as JSON. */
  json: Record<string, unknown> & { errors: { op: string; path: string; key: string; code: string }[] };
}

interface HowToRun {
  overrides?: Record<string, unknown>;
  signal?: AbortSignal;
  json?: boolean;
}

/**
 * Runs a command as the program does, and in this process: a start of the program takes longer than most commands.
 * One at a time, as in the program: runs of one process share their threads.
 */
async function runHere(
  box: Sandbox,
  { overrides = {}, signal = new AbortController().signal, json = true }: HowToRun,
  command: (invocation: Invocation) => Promise<number>,
): Promise<EndedHere> {
  const words = wordsFor(byName, 'en', undefined);
  let [out, err] = ['', ''];
  const print = (text: string) => {
    out += text;
  };
  const printErr = (text: string) => {
    err += text;
  };
  const invocation: Invocation = {
    home: homeAt(box.home, {}, join(box.home, 'conf', 'config.json')),
    words,
    terminal: {
      out: print,
      data: print,
      status() {},
      err: printErr,
      warn: printErr,
      isInteractive: false,
    },
    style: { json, quiet: false, verbose: false, progress: false },
    overrides,
    signal,
  };
  const code = await command(invocation).catch(error => {
    err += errorLines(error, words).join('\n');
    return exitCodeOfError(error);
  });
  const printed = json && out !== '' ? JSON.parse(out.trim().split('\n').at(-1) ?? '') : { errors: [] };
  return { code, out, err, json: printed };
}

const NOTHING_GIVEN: RestoreCommand = {
  paths: [],
  to: undefined,
  at: undefined,
  run: undefined,
  overwrite: undefined,
  thaw: undefined,
  dryRun: false,
  yes: false,
};

/** `cos_sync restore --json` */
export function restoreHere(
  box: Sandbox,
  command: Partial<RestoreCommand>,
  how: HowToRun = {},
): Promise<EndedHere> {
  return runHere(box, how, invocation => restoreCommand(invocation, { ...NOTHING_GIVEN, ...command }));
}

/** `cos_sync ledger adopt --json` */
export function adoptHere(
  box: Sandbox,
  how: HowToRun & { from?: readonly string[] } = {},
): Promise<EndedHere> {
  return ledgerHere(box, 'adopt', how);
}

/** `cos_sync ledger ACTION --json` */
export function ledgerHere(
  box: Sandbox,
  action: string,
  { from, ...how }: HowToRun & { from?: readonly string[] } = {},
): Promise<EndedHere> {
  const command = {
    file: undefined,
    format: undefined,
    output: undefined,
    table: undefined,
    abort: undefined,
  };
  return runHere(box, how, invocation => ledgerCommand(invocation, { ...command, action, from, yes: false }));
}

/** `cos_sync verify --json` */
export function verifyHere(box: Sandbox, repair = false, how: HowToRun = {}): Promise<EndedHere> {
  return runHere(box, how, invocation =>
    verifyCommand(invocation, { repair, deep: false, attributes: false }),
  );
}

/** `cos_sync history --json` */
export function historyHere(
  box: Sandbox,
  command: Partial<HistoryCommand>,
  how: HowToRun = {},
): Promise<EndedHere> {
  const nothing = { action: undefined, run: undefined, last: undefined, html: undefined };
  return runHere(box, how, invocation => historyCommand(invocation, { ...nothing, ...command }));
}

/** `cos_sync status --json` */
export function statusHere(box: Sandbox, how: HowToRun = {}): Promise<EndedHere> {
  return runHere(box, how, invocation => statusCommand(invocation, { follow: false }));
}

/** `cos_sync sync --json` */
export function syncHere(box: Sandbox, how: HowToRun = {}): Promise<EndedHere> {
  return runHere(box, how, invocation =>
    syncCommand(invocation, { dryRun: false, allowEmpty: false, otherDisk: false }),
  );
}
