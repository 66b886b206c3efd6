import { join } from 'node:path';
import { loadConfig } from '../../src/config/load.ts';
import { taskOf } from '../../src/engine/task.ts';
import type { Task } from '../../src/ledger/ledger.ts';

/** What the ledger of a home's configuration is about. */
export function taskIn(home: string): Task {
  return taskOf(loadConfig(join(home, 'conf', 'config.json'), {}, {}).config);
}
