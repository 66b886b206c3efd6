import type { Call } from './call.ts';
import { counted } from './counted.ts';

/** What `cos_sync restore` says. */
export interface RestoreWords {
  /** The ledger cannot be read: what only it knows is missing. */
  withoutLedger(reason: string): string;
  /** Equal files that the ledger has no record of. */
  unrecorded(count: number): string;
}

export const restoreEn = (call: Call): RestoreWords => ({
  withoutLedger: reason => `restoring without the ledger: ${reason}`,
  unrecorded: count =>
    `${counted(count, 'file was', 'files were')} there already but not in the ledger. To record what is equal, so that no sync uploads it again: ${call('ledger rebuild')}`,
});

export const restoreZh = (call: Call): RestoreWords => ({
  withoutLedger: reason => `不使用本地数据库进行恢复：${reason}`,
  unrecorded: count =>
    `${count} 个文件本来就有，但不在本地数据库中。将其记录下来，同步时便不会再次上传：${call('ledger rebuild')}`,
});
