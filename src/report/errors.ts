import { ConfigError, type Fault } from '../config/faults.ts';
import { LocalPathUnusable } from '../engine/local/local-path.ts';
import { DiskTooSmall } from '../engine/restore/errors.ts';
import { Failure } from '../failure.ts';
import { Interrupted } from '../interrupted.ts';
import {
  DaemonRunning,
  ImportUnusable,
  LedgerDamaged,
  LedgerDividedOtherwise,
  LedgerLocked,
  LedgerNewer,
  LedgerOfOther,
  LedgersMissing,
  LedgerUnusable,
} from '../ledger/errors.ts';
import { ScheduleFailed } from '../schedule/errors.ts';
import { describe } from './describe.ts';
import { printable } from './printable.ts';
import { inUnits } from './units.ts';
import type { Words } from './words/words.ts';

/** Why a command ended, in words: a line for each thing that is wrong. */
export function errorLines(error: unknown, words: Words): string[] {
  return linesOf(error, words).map(printable);
}

function linesOf(error: unknown, words: Words): string[] {
  const { stops } = words;
  if (error instanceof ConfigError) return error.faults.map(fault => faultLine(error.file, fault, words));
  if (error instanceof ImportUnusable) {
    return [words.ledger.importProblems[error.problem](error.file, error.detail)];
  }
  if (error instanceof LedgerLocked) return [stops.locked(error.pid, error.host)];
  if (error instanceof DaemonRunning) return [stops.daemonRunning(error.pid)];
  if (error instanceof LedgerDamaged) {
    return [error.isAside ? stops.ledgerPutAside(error.file) : stops.ledgerDamaged(error.file)];
  }
  if (error instanceof LedgerDividedOtherwise) {
    return [words.shard.dividedOtherwise(error)];
  }
  if (error instanceof LedgersMissing) return [words.shard.ledgersMissing(error.shards)];
  if (error instanceof LedgerNewer) return [stops.ledgerNewer(error.file)];
  if (error instanceof LedgerOfOther) return [stops.ledgerOfOther(error.file, error.about)];
  if (error instanceof LedgerUnusable) return [stops.ledgerUnusable(error.file, reasonOf(error.cause))];
  if (error instanceof LocalPathUnusable) {
    const isMissing = error.code === 'ENOENT' || error.code === 'ENOTDIR';
    return [
      isMissing ? stops.localPathMissing(error.path) : stops.localPathUnreadable(error.path, error.code),
    ];
  }
  if (error instanceof DiskTooSmall) {
    const { folder, needed, free, isBegun } = error;
    return [stops.diskTooSmall(folder, { needed: inUnits(needed), free: inUnits(free), isBegun })];
  }
  if (error instanceof Failure) {
    const { code, message } = describe(error, words);
    return [`code: ${code}, ${message}`];
  }
  if (error instanceof Interrupted) return [stops.interrupted(error.signalName)];
  if (error instanceof ScheduleFailed) {
    return [words.schedule.failed[error.problem](error.subject, error.reason)];
  }
  const { code, port } = error as NodeJS.ErrnoException & { port?: number };
  if (code === 'EADDRINUSE') return [stops.portInUse(port ?? 0)];
  return [stops.unexpected(reasonOf(error))];
}

/** Whether an error is none of those that commands end with on purpose. */
export function isUnexpected(error: unknown): boolean {
  const expected = [
    ConfigError,
    ImportUnusable,
    LedgerLocked,
    DaemonRunning,
    LedgerDamaged,
    LedgerOfOther,
    LedgerUnusable,
    LocalPathUnusable,
    DiskTooSmall,
    Failure,
    ScheduleFailed,
    Interrupted,
  ];
  const isDefect = error instanceof Failure && error.kind === 'defect';
  const isKnown = !isDefect && expected.some(kind => error instanceof kind);
  return !isKnown && (error as NodeJS.ErrnoException).code !== 'EADDRINUSE';
}

function faultLine(file: string, { key, problem, values, source }: Fault, words: Words): string {
  const place = source ?? [file, key].filter(part => part !== '').join(': ');
  return `${place}: ${words.problems[problem](values)}`;
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return (code ?? message ?? String(error)).replace(/\s+/g, ' ');
}
