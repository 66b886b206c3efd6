import { counted } from './counted.ts';

/** What `cos_sync status` says. */
export interface StatusWords {
  running(pid: number, since: string): string;
  notRunning: string;
  ofShard(shard: string, isRunning: boolean): string;
  mode: Record<'watch' | 'interval', string>;
  state: Record<'idle' | 'scanning' | 'syncing', string>;
  waiting(folders: number): string;
  nextFullScan(time: string): string;
  lastRun(time: string, status: string, exitCode: number): string;
}

export const statusEn: StatusWords = {
  running: (pid, since) => `a daemon has been running since ${since} (process ${pid})`,
  notRunning: 'no daemon is running for this configuration',
  ofShard: (shard, isRunning) => `${isRunning ? 'a' : 'no'} run of shard ${shard} is under way`,
  mode: { watch: 'watching', interval: 'full scans at intervals' },
  state: { idle: 'nothing to do now', scanning: 'scanning', syncing: 'syncing' },
  waiting: folders => `changed and waiting: ${counted(folders, 'folder')}`,
  nextFullScan: time => `next full scan: ${time}`,
  lastRun: (time, status, exitCode) => `last run: ${time}  ${status}, exit code ${exitCode}`,
};

export const statusZh: StatusWords = {
  running: (pid, since) => `后台进程正在运行（进程 ${pid}），启动于 ${since}`,
  notRunning: '该配置没有正在运行的后台进程',
  ofShard: (shard, isRunning) => `分片 ${shard} ${isRunning ? '正在运行' : '没有正在进行的运行'}`,
  mode: { watch: '监视中', interval: '定时全量扫描' },
  state: { idle: '当前空闲', scanning: '正在扫描', syncing: '正在同步' },
  waiting: folders => `有变化、等待同步的目录：${folders} 个`,
  nextFullScan: time => `下一次全量扫描：${time}`,
  lastRun: (time, status, exitCode) => `上一次运行：${time}  ${status}，退出码为 ${exitCode}`,
};
