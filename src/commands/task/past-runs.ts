import { ConfigError } from '../../config/faults.ts';
import { loadHistory, type PastRun } from '../../ledger/history.ts';

/** Past runs, for who asked for them. @throws ConfigError where the history is there and cannot be read */
export async function pastRunsIn(file: string): Promise<PastRun[]> {
  try {
    return await loadHistory(file);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    throw new ConfigError(file, [{ key: '', problem: 'fileUnreadable', values: { code } }]);
  }
}
