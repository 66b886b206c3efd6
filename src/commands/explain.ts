import { EXIT } from '../cli/exit-codes.ts';
import type { Invocation } from '../cli/invocation.ts';
import { usageFault } from '../config/faults.ts';
import { connect } from '../cos/connect.ts';
import { explain, pathInTree } from '../engine/explain.ts';
import { checkDivision } from '../ledger/division.ts';
import { openLedger } from '../ledger/ledger.ts';
import { explanationJson, explanationText } from '../report/explanation.ts';
import { openSession, untilInterrupted } from './task/session.ts';

export interface ExplainCommand {
  /** Absolute, or relative to local_path. */
  paths: readonly string[];
  allowEmpty: boolean;
  otherDisk: boolean;
}

/**
 * `cos_sync sync --dry-run --explain PATH`: what a run would do with a file or folder, and why.
 * @throws ConfigError where a path lies outside local_path
 */
export function explainCommand(invocation: Invocation, command: ExplainCommand): Promise<number> {
  return untilInterrupted(invocation, () => explainPaths(invocation, command));
}

async function explainPaths(invocation: Invocation, command: ExplainCommand): Promise<number> {
  const { home, terminal, words, style, signal } = invocation;
  const { config, task, file, own, credentials } = await openSession(invocation);
  await checkDivision(home.dbFolder, task);
  const paths: string[] = [];
  for (const given of command.paths) {
    const path = await pathInTree(config, given);
    if (path === undefined) {
      const values = { value: given, folder: config.localPath };
      throw usageFault('--explain', 'outsideLocalPath', values);
    }
    paths.push(path);
  }
  const explanations = await explain(
    {
      config,
      configFile: home.configFile,
      own,
      allowEmpty: command.allowEmpty,
      otherDisk: command.otherDisk,
      openLedger: () => openLedger({ file, task, readOnly: true }),
      openStore: send => connect(config, send, credentials),
      signal,
    },
    paths,
  );
  signal.throwIfAborted();
  for (const [path, explanation] of explanations) {
    const text = `${path}: ${explanationText(explanation, words)}`;
    terminal.out(`${style.json ? JSON.stringify(explanationJson(path, explanation, words)) : text}\n`);
  }
  return EXIT.ok;
}
