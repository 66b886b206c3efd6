import type { Problem } from '../../config/faults.ts';
import type { Language } from '../../config/language.ts';
import type { HeldReason } from '../../engine/listener.ts';
import type { FailureKind } from '../../failure.ts';
import type { Task } from '../../ledger/task.ts';
import type { DoctorWords } from './doctor.ts';
import type { ExplainWords } from './explain.ts';
import type { FailureWords } from './failures.ts';
import type { HelpWords } from './help.ts';
import type { HistoryWords } from './history.ts';
import type { InitWords } from './init.ts';
import type { KeyWords } from './keys.ts';
import type { LedgerWords } from './ledger.ts';
import type { ProgressWords } from './progress.ts';
import type { RestoreWords } from './restore.ts';
import type { ScheduleWords } from './schedule.ts';
import type { ShardWords } from './shard.ts';
import type { StatusWords } from './status.ts';
import type { VerifyWords } from './verify.ts';
import type { WatchWords } from './watch.ts';

type Values = Readonly<Record<string, string | number>>;

/** Everything a user reads. A language that lacks one of these does not compile. */
export interface Words {
  language: Language;
  /** What is wrong with a config key, and what to write instead. */
  problems: Record<Problem, (values: Values) => string>;
  /** What to do about a kind of failure… */
  kinds: Record<FailureKind, string>;
  /** What a policy must allow. */
  needs(action: string): string;
  /** …and about an error code that has its own remedy. */
  failures: FailureWords;
  /** @param place what is to blame */
  held: Record<HeldReason, (count: number, limit: number, place: string) => string>;
  stops: {
    localPathMissing(path: string): string;
    localPathUnreadable(path: string, code: string): string;
    ledgerDamaged(file: string): string;
    ledgerPutAside(file: string): string;
    ledgerOfOther(file: string, about: string): string;
    ledgerNewer(file: string): string;
    ledgerUnusable(file: string, reason: string): string;
    daemonRunning(pid: number | undefined): string;
    locked(pid: number | undefined, host: string | undefined): string;
    cosRefused(code: string, message: string): string;
    listingCut(code: string, message: string): string;
    connectionLost(code: string, message: string): string;
    interrupted(signal: string): string;
    diskTooSmall(folder: string, room: { needed: string; free: string; isBegun: boolean }): string;
    diskFull(folder: string, code: string): string;
    portInUse(port: number): string;
    unexpected(message: string): string;
  };
  warnings: {
    unknownKey(key: string, nearest: string | undefined): string;
    keyTwice(key: string, line: number): string;
    configReadableByOthers(file: string): string;
    /** Of runs by their numbers. */
    olderLedger(file: string, leftBy: number, lastRun: number): string;
    cutLedger(file: string, lastRun: number): string;
    watchWithoutDaemon: string;
    otherLedger(file: string, task: Task): string;
    ledgerWithin(folder: string, file: string, task: Task): string;
    /** @param most MiB */
    thresholdCut(most: number): string;
    configRefused(message: string): string;
    configReread(file: string): string;
    skipped(path: string, reason: string): string;
    grew(path: string): string;
    outputUnwritable(reason: string): string;
    noCurrentFolder: string;
    logUnwritable(file: string, reason: string): string;
    daemonRunFailed(message: string): string;
    fileUnwritable(file: string, reason: string): string;
    /** @param key `exclude`, or `--exclude` where the command line gave it; @param list as several patterns, in JSON */
    patternIsList(key: string, pattern: string, list: string): string;
    patternUnmatched(key: string, pattern: string, list: string | undefined): string;
    includeLeavesNoFile(key: string): string;
    /** @param output its first line, if any */
    hookFailed(key: string, reason: string, output: string): string;
  };
  /** How a hook failed. */
  hook: {
    exited(code: number): string;
    killed(signal: string): string;
    timedOut(seconds: number): string;
    notStarted(program: string, code: string): string;
  };
  run: {
    dryRun: string;
    movedFrom(path: string): string;
    would: string;
    nextRunIn(seconds: number): string;
    /** A round of a daemon that found nothing to do. */
    idle(time: string, unchanged: string, seconds: number): string;
    daemonOff: string;
    andMore(count: number): string;
  };
  demo: {
    intro(folder: string, server: string): string;
    firstRun: string;
    changed(added: string, edited: string, removed: string, from: string, to: string): string;
    secondRun: string;
    thirdRun: string;
    restore(folder: string): string;
    compared(equal: number, different: number): string;
    watch: string;
    where(objects: string, ledger: string, log: string): string;
    next: string;
  };
  localCos: {
    listening(url: string, folder: string): string;
    configure: string;
    /** Instead of keys that somebody gave, which are printed nowhere. */
    keysGiven: string;
    stop: string;
  };
  progress: ProgressWords;
  history: HistoryWords;
  explain: ExplainWords;
  init: InitWords;
  verify: VerifyWords;
  ledger: LedgerWords;
  doctor: DoctorWords;
  restore: RestoreWords;
  schedule: ScheduleWords;
  shard: ShardWords;
  watch: WatchWords;
  status: StatusWords;
  help: HelpWords;
  keys: KeyWords;
}
