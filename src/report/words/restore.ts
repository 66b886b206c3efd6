import type { Call } from './call.ts';
import { counted } from './counted.ts';

/** What `cos_sync restore` says. */
export interface RestoreWords {
  /** The ledger cannot be read: what only it knows is missing. */
  withoutLedger(reason: string): string;
  /** Equal files that the ledger has no record of. */
  unrecorded(count: number): string;
  /** @param at ms since 1970; undefined for now */
  nothing(target: string, at: number | undefined): string;
}

export const restoreEn = (call: Call): RestoreWords => ({
  withoutLedger: reason => `restoring without the ledger: ${reason}`,
  unrecorded: count =>
    `${counted(count, 'file was', 'files were')} there already but not in the ledger. To record what is equal, so that no sync uploads it again: ${call('ledger rebuild')}`,
  nothing: (target, at) => {
    const there =
      at === undefined ? `is under ${target}` : `was under ${target} at ${new Date(at).toISOString()}`;
    return `nothing is restored: no object ${there}. Check bucket and cos_path`;
  },
});

export const restoreZh = (call: Call): RestoreWords => ({
  withoutLedger: reason => `不使用本地数据库进行恢复：${reason}`,
  unrecorded: count =>
    `${count} 个文件本来就有，但不在本地数据库中。将其记录下来，同步时便不会再次上传：${call('ledger rebuild')}`,
  nothing: (target, at) =>
    `没有恢复任何内容：${at === undefined ? '' : `${new Date(at).toISOString()} 时`}${target} 下没有对象。请检查 bucket 和 cos_path`,
});
