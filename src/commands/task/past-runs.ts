import { statSync } from 'node:fs';
import { ConfigError, type Problem } from '../../config/faults.ts';
import { loadHistory, type PastRun } from '../../ledger/history.ts';

/** Past runs, for who asked for them. @throws ConfigError where the history is there and cannot be read */
export async function pastRunsIn(file: string): Promise<PastRun[]> {
  const refuse = (problem: Problem, values = {}) => new ConfigError(file, [{ key: '', problem, values }]);
  const runs = await loadHistory(file).catch(({ code = '' }: NodeJS.ErrnoException) => {
    throw refuse('fileUnreadable', { code });
  });
  const isDamaged = runs.length === 0 && (statSync(file, { throwIfNoEntry: false })?.size ?? 0) > 0;
  if (isDamaged) throw refuse('noHistory');
  return runs;
}
