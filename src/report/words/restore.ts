import { counted } from './counted.ts';

/** What `cos_sync restore` says. */
export interface RestoreWords {
  /** The ledger cannot be read: what only it knows is missing. */
  withoutLedger(reason: string): string;
  /** Equal files that the ledger has no record of. */
  unrecorded(count: number): string;
}

export const restoreEn: RestoreWords = {
  withoutLedger: reason => `restoring without the ledger: ${reason}`,
  unrecorded: count =>
    `${counted(count, 'file was', 'files were')} there already but not in the ledger: "cos_sync ledger rebuild" records what is equal, so that no sync uploads it again`,
};

export const restoreZh: RestoreWords = {
  withoutLedger: reason => `不使用本地数据库进行恢复：${reason}`,
  unrecorded: count =>
    `${count} 个文件本来就有，但不在本地数据库中：运行 “cos_sync ledger rebuild” 将其记录下来，同步时便不会再次上传`,
};
