import { join } from 'node:path';
import { loadConfig } from '../../src/config/load.ts';
import type { Task } from '../../src/ledger/task.ts';
import { taskOf } from '../../src/ledger/task.ts';

/** What the ledger of a home's configuration is about. */
export function taskIn(home: string): Task {
  return taskOf(loadConfig(join(home, 'conf', 'config.json'), {}, {}).config);
}
