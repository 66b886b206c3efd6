import { EXIT } from '../cli/exit-codes.ts';
import type { Invocation } from '../cli/invocation.ts';
import { usageFault } from '../config/faults.ts';
import { connect } from '../cos/connect.ts';
import { checkLocalPath } from '../engine/local/local-path.ts';
import type { Requests } from '../engine/requests/requests.ts';
import { startRun } from '../engine/transfer/run.ts';
import { type Applied, applyAttributes } from '../engine/upkeep/apply-attributes.ts';
import { correctLedger, countUnrepaired } from '../engine/upkeep/repair.ts';
import { type Verification, verifyObjects } from '../engine/upkeep/verify.ts';
import { checkDivision } from '../ledger/division.ts';
import { type Ledger, openLedger } from '../ledger/ledger.ts';
import { isLocked } from '../ledger/lock.ts';
import { currentLedger, targetOf } from '../ledger/task.ts';
import { type Log, openLog } from '../report/log.ts';
import {
  attributesJson,
  attributesText,
  collectFindings,
  type Findings,
  verificationJson,
  verificationText,
  wrongIn,
} from '../report/verification.ts';
import { runOnce } from './task/run-once.ts';
import { openSession, type Session, untilInterrupted, withLock, withStore } from './task/session.ts';

export interface VerifyCommand {
  repair: boolean;
  deep: boolean;
  /** With repair: gives every recorded object the configured attributes. */
  attributes: boolean;
}

interface Verified {
  result: Verification;
  findings: Findings;
}

/**
 * `cos_sync verify`: what COS really holds against the ledger and the folder.
 * @returns 0 where nothing is wrong, 1 where something is (with repair: still is)
 * @throws ConfigError, LedgerDamaged, LedgerUnusable, LedgerLocked, Failure
 */
export function verifyCommand(invocation: Invocation, command: VerifyCommand): Promise<number> {
  if (command.attributes && !command.repair) throw usageFault('--attributes', 'onlyWithRepair');
  return untilInterrupted(invocation, async () => {
    const session = await openSession(invocation, { ofShards: true });
    if (command.repair) return repair({ ...invocation, home: session.home }, session, command);
    await checkDivision(session.home.dbFolder, session.task);
    const { words, terminal, style } = invocation;
    if (await isLocked(session.file)) terminal.err(`${words.verify.runUnderWay}\n`);
    const ledger = await openLedger({ file: session.file, task: session.task, readOnly: true });
    try {
      const verified = await compare(invocation, session, ledger, command.deep, invocation.signal);
      const wrong = wrongIn(verified.result);
      if (style.json) printJson(invocation, session, verified, { repaired: false });
      else terminal.out(`${wrong === 0 ? words.verify.allRight : words.verify.wrong(wrong)}\n`);
      return wrong === 0 ? EXIT.ok : EXIT.failures;
    } finally {
      await ledger.close();
    }
  });
}

async function compare(
  { words, terminal, style }: Invocation,
  session: Session,
  ledger: Ledger,
  deep: boolean,
  signal: AbortSignal,
): Promise<Verified> {
  const { config, task, file, own } = session;
  const findings = collectFindings();
  if (!style.json && !style.quiet) terminal.err(`${words.verify.comparing(targetOf(task), file)}\n`);
  const isLive = style.progress && terminal.isInteractive && !style.json && !style.quiet;
  const result = await withStore(session, signal, (store, requests) =>
    verifyObjects({
      config,
      prefix: task.prefix,
      ledger,
      store,
      requests,
      own,
      deep,
      onFinding: findings.add,
      onListed: objects => isLive && terminal.status(words.verify.listed(objects)),
      signal,
    }),
  );
  if (isLive) terminal.status('');
  if (result.newLocally === undefined) terminal.err(`${words.verify.localUnreadable(config.localPath)}\n`);
  if (!style.json) terminal.out(verificationText(result, findings, words));
  return { result, findings };
}

/** Corrects the wrong records, lets a sync upload their files, and looks again. */
async function repair(invocation: Invocation, session: Session, command: VerifyCommand): Promise<number> {
  const { words, terminal, style, home } = invocation;
  await checkLocalPath(session.config, home.configFile, invocation.signal);
  const before = await correctRecords(invocation, session, command);
  const log = openLog(home.logFile, code =>
    terminal.warn(`${words.warnings.logUnwritable(home.logFile, code)}\n`),
  );
  try {
    log.info('repair', {
      config: home.configFile,
      ...before.result.found,
      corrected: before.result.wrong.length,
    });
    if (!style.json) terminal.out(`${words.verify.repairing(before.result.wrong.length)}\n`);
    const { exitCode, printed } = await syncNow(invocation, session, log);
    const attributes = command.attributes ? await putAttributes(invocation, session) : undefined;
    const { after, unrepaired } = await compareAgain(invocation, session, command, before.result);
    const wrong = wrongIn(after.result) + unrepaired;
    if (style.json) {
      printJson(invocation, session, after, {
        repaired: wrong === 0,
        before: verificationJson(before.result, before.findings, session.task.prefix),
        sync: printed,
        ...(attributes && { attributes: attributesJson(attributes, words) }),
      });
    } else {
      if (attributes) terminal.out(attributesText(attributes, words));
      terminal.out(`${wrong === 0 ? words.verify.repaired : words.verify.stillWrong(wrong)}\n`);
    }
    if (exitCode > EXIT.failures) return exitCode;
    return wrong === 0 && !attributes?.failed.length ? EXIT.ok : EXIT.failures;
  } finally {
    await log.close();
  }
}

/** Copies every recorded object onto itself, with the attributes that are configured now. */
function putAttributes(invocation: Invocation, session: Session): Promise<Applied> {
  const { config, credentials } = session;
  return withLock(invocation, session, async (options, signal) => {
    const ledger = await openLedger(options);
    const openStore = (send: Requests['send']) => connect(config, send, credentials);
    const run = startRun({ config, dryRun: false, ledger, openStore, listeners: [], signal, stop: () => {} });
    try {
      return await applyAttributes(run);
    } finally {
      await run.close();
      await ledger.close();
    }
  });
}

function correctRecords(
  invocation: Invocation,
  session: Session,
  { deep }: VerifyCommand,
): Promise<Verified> {
  return withLock(invocation, session, async (options, signal) => {
    const ledger = await openLedger(options);
    try {
      const verified = await compare(invocation, { ...session, file: options.file }, ledger, deep, signal);
      correctLedger(ledger, verified.result);
      return verified;
    } finally {
      await ledger.close();
    }
  });
}

/**
 * One run, which deletes nothing: who repairs wants back what is missing, and a file that is gone may be what is
 * wrong. What it prints as JSON becomes a part of verify's own object.
 */
async function syncNow(
  invocation: Invocation,
  { config }: Session,
  log: Log,
): Promise<{ exitCode: number; printed: unknown }> {
  const { terminal, style } = invocation;
  let printed = '';
  const keep = (text: string) => {
    printed += text;
  };
  const out = style.json ? keep : terminal.out;
  const exitCode = await runOnce(
    { ...invocation, terminal: { ...terminal, out } },
    { config: { ...config, deleteSync: false }, dryRun: false, allowEmpty: false, otherDisk: false, log },
  );
  return { exitCode, printed: printed === '' ? null : JSON.parse(printed) };
}

async function compareAgain(
  invocation: Invocation,
  before: Session,
  { deep }: VerifyCommand,
  wrong: Verification,
): Promise<{ after: Verified; unrepaired: number }> {
  // The repair may have given the ledger another name.
  const session = { ...before, file: await currentLedger(invocation.home.dbFolder, before.task) };
  const ledger = await openLedger({ file: session.file, task: session.task, readOnly: true });
  try {
    const after = await compare(invocation, session, ledger, deep, invocation.signal);
    return { after, unrepaired: countUnrepaired(ledger, session.config, session.own, wrong) };
  } finally {
    await ledger.close();
  }
}

function printJson(
  { terminal }: Invocation,
  { task }: Session,
  { result, findings }: Verified,
  more: Record<string, unknown>,
): void {
  terminal.out(`${JSON.stringify({ ...verificationJson(result, findings, task.prefix), ...more })}\n`);
}
