import { counted } from './counted.ts';

/** What a daemon with watch says. */
export interface WatchWords {
  ready(folders: number, seconds: number): string;
  tooFew(missing: number, folders: number): string;
  untold(place: string, seconds: number): string;
}

export const watchEn: WatchWords = {
  ready: (folders, seconds) =>
    `watching ${counted(folders, 'folder')}; the next full scan is in ${seconds} s`,
  tooFew: (missing, folders) =>
    `watch: the system has no more watches: changes in ${missing} of ${counted(folders, 'folder')} are only seen by full scans. Raise fs.inotify.max_user_watches (sysctl)`,
  untold: (place, seconds) =>
    `watch: ${place} is on a file system that does not tell of all changes: they are only seen by full scans, every ${seconds} s`,
};

export const watchZh: WatchWords = {
  ready: (folders, seconds) => `正在监视 ${folders} 个目录；${seconds} 秒后进行下一次全量扫描`,
  tooFew: (missing, folders) =>
    `watch：系统的监视数量已用完：${folders} 个目录中有 ${missing} 个的变化只能由全量扫描发现。请调大 fs.inotify.max_user_watches（sysctl）`,
  untold: (place, seconds) =>
    `watch：${place} 所在的文件系统不会通知全部变化：只能由每 ${seconds} 秒一次的全量扫描发现`,
};
