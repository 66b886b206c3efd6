/** What `cos_sync history` says. */
export interface HistoryWords {
  none(file: string): string;
  written(file: string): string;
  /** The line of the sum. */
  allShards: string;
  /** @param shards `i/n` each */
  noRunOf(shards: readonly string[]): string;
  noShards(folder: string): string;
  columns: {
    shard: string;
    run: string;
    when: string;
    status: string;
    exitCode: string;
    uploaded: string;
    deleted: string;
    failed: string;
    held: string;
    unchanged: string;
    bytes: string;
    duration: string;
    folder: string;
    target: string;
  };
  /** Why a run ended before it was through. */
  interrupted(signal: string, exitCode: number): string;
  /** The failures of one run; only the first ones are kept. */
  failures(count: number): string;
  moreFailures(count: number): string;
  page: {
    title: string;
    lede(runs: string, from: string, to: string): string;
    lastRun: string;
    lastSuccess: string;
    never: string;
    totalUploaded: string;
    totalFailed: string;
    files: string;
    /** What one bar stands for. */
    eachRun: string;
    eachHours(hours: number): string;
    eachDays(days: number): string;
    runsInBar(count: number): string;
    nothing: string;
    latestRuns(count: number): string;
  };
}

export const historyEn: HistoryWords = {
  none: file => `no runs yet in ${file}`,
  written: file => `written to ${file}`,
  allShards: 'all',
  noRunOf: shards => `no run is known of ${shards.join(', ')}`,
  noShards: folder => `no shard ran yet: ${folder} has no history of one`,
  columns: {
    shard: 'shard',
    run: 'run',
    when: 'when',
    status: 'status',
    exitCode: 'exit code',
    uploaded: 'uploaded',
    deleted: 'deleted',
    failed: 'failed',
    held: 'held',
    unchanged: 'unchanged',
    bytes: 'bytes',
    duration: 'duration',
    folder: 'folder',
    target: 'target',
  },
  interrupted: (signal, exitCode) => `interrupted by ${signal}, exit code ${exitCode}`,
  failures: count => `${count} failed:`,
  moreFailures: count => `… and ${count} more: log/cos_sync.log has them all`,
  page: {
    title: 'cos_sync: past runs',
    lede: (runs, from, to) => `${runs} ${Number(runs) === 1 ? 'run' : 'runs'} from ${from} to ${to}`,
    lastRun: 'Last run',
    lastSuccess: 'Last success',
    never: 'never',
    totalUploaded: 'Uploaded in all',
    totalFailed: 'Failed in all',
    files: 'Files',
    eachRun: 'each bar is a run',
    eachHours: hours => (hours === 1 ? 'each bar is an hour' : `each bar is ${hours} hours`),
    eachDays: days => (days === 1 ? 'each bar is a day' : `each bar is ${days} days`),
    runsInBar: count => (count === 1 ? '1 run' : `${count} runs`),
    nothing: 'none',
    latestRuns: count => (count === 1 ? 'The latest run' : `The latest ${count} runs`),
  },
};

export const historyZh: HistoryWords = {
  none: file => `${file} 中还没有运行记录`,
  written: file => `已写入 ${file}`,
  allShards: '合计',
  noRunOf: shards => `没有以下分片的运行记录：${shards.join('、')}`,
  noShards: folder => `还没有分片运行过：${folder} 中没有分片的运行历史`,
  columns: {
    shard: '分片',
    run: '编号',
    when: '时间',
    status: '状态',
    exitCode: '退出码',
    uploaded: '上传',
    deleted: '删除',
    failed: '失败',
    held: '暂不删除',
    unchanged: '未变',
    bytes: '流量',
    duration: '耗时',
    folder: '目录',
    target: '目标',
  },
  interrupted: (signal, exitCode) => `被 ${signal} 中断，退出码为 ${exitCode}`,
  failures: count => `${count} 项失败：`,
  moreFailures: count => `… 另有 ${count} 项，全部记录在 log/cos_sync.log 中`,
  page: {
    title: 'cos_sync 运行历史',
    lede: (runs, from, to) => `共 ${runs} 次运行，${from} 至 ${to}`,
    lastRun: '最近一次',
    lastSuccess: '最近一次成功',
    never: '从未',
    totalUploaded: '累计上传',
    totalFailed: '累计失败',
    files: '文件',
    eachRun: '每个柱为一次运行',
    eachHours: hours => `每个柱为 ${hours} 小时`,
    eachDays: days => `每个柱为 ${days} 天`,
    runsInBar: count => `${count} 次运行`,
    nothing: '无',
    latestRuns: count => `最近 ${count} 次运行`,
  },
};
