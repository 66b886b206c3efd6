import { counted } from './counted.ts';

/** Why a full scan is made out of turn. */
export type WatchDoubt = 'overflow' | 'watchFailed' | 'rootReplaced' | 'mounted' | 'ledgerChanged';

/** What a daemon with watch says. */
export interface WatchWords {
  ready(folders: number, seconds: number): string;
  tooFew(missing: number, folders: number): string;
  untold(place: string, seconds: number): string;
  doubt(reason: WatchDoubt): string;
  /** What earlier runs left, and this one did not look at. */
  leftover(failures: number, deletions: number): string;
}

export const watchEn: WatchWords = {
  ready: (folders, seconds) =>
    `watching ${counted(folders, 'folder')}; the next full scan is in ${seconds} s`,
  tooFew: (missing, folders) =>
    `watch: the system has no more watches: changes in ${missing} of ${counted(folders, 'folder')} are only seen by full scans. Raise fs.inotify.max_user_watches, or max_user_instances (sysctl)`,
  untold: (place, seconds) =>
    `watch: ${place} is on a file system that does not tell of all changes: they are only seen by full scans, every ${seconds} s`,
  doubt: reason => `watch: ${DOUBTS_EN[reason]}: everything is scanned again`,
  leftover: (failures, deletions) =>
    `watch: left by earlier runs in folders that did not change since, and counted here: ${counted(failures, 'failure')}, ${counted(deletions, 'deletion')} held back`,
};

const DOUBTS_EN: Record<WatchDoubt, string> = {
  overflow: 'more changes at once than the system keeps notifications of',
  watchFailed: 'a folder can no longer be watched',
  rootReplaced: 'local_path is another folder now',
  mounted: 'a file system was mounted or unmounted below local_path',
  ledgerChanged: 'the ledger was changed by another program',
};

export const watchZh: WatchWords = {
  ready: (folders, seconds) => `正在监视 ${folders} 个目录；${seconds} 秒后进行下一次全量扫描`,
  tooFew: (missing, folders) =>
    `watch：系统的监视数量已用完：${folders} 个目录中有 ${missing} 个的变化只能由全量扫描发现。请调大 fs.inotify.max_user_watches 或 max_user_instances（sysctl）`,
  untold: (place, seconds) =>
    `watch：${place} 所在的文件系统不会通知全部变化：只能由每 ${seconds} 秒一次的全量扫描发现`,
  doubt: reason => `watch：${DOUBTS_ZH[reason]}，将重新全量扫描`,
  leftover: (failures, deletions) =>
    `watch：此前的运行在未再变化的目录中留下 ${failures} 项失败、${deletions} 项暂不删除，已计入本次统计`,
};

const DOUBTS_ZH: Record<WatchDoubt, string> = {
  overflow: '一次性变化过多，超出系统通知队列的容量',
  watchFailed: '有目录无法继续监视',
  rootReplaced: 'local_path 已是另一个目录',
  mounted: 'local_path 下有文件系统被挂载或卸载',
  ledgerChanged: '数据库被其他程序修改',
};
