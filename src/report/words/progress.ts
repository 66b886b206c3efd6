/** What is shown while a run is under way. Numbers come as they are shown. */
export interface ProgressWords {
  scanning(entries: string): string;
  files(done: string, total: string): string;
  deletions(done: string, total: string): string;
  left(time: string): string;
  inFlight(count: string): string;
  failures(count: string): string;
  retries(count: string): string;
}

export const progressEn: ProgressWords = {
  scanning: entries => `scanning: ${entries} found`,
  files: (done, total) => `${done}/${total} files`,
  deletions: (done, total) => `${done}/${total} deleted`,
  left: time => `${time} left`,
  inFlight: count => `${count} in flight`,
  failures: count => `${count} failed`,
  retries: count => `${count} retried`,
};

export const progressZh: ProgressWords = {
  scanning: entries => `正在扫描：已找到 ${entries} 项`,
  files: (done, total) => `${done}/${total} 个文件`,
  deletions: (done, total) => `已删除 ${done}/${total}`,
  left: time => `剩余 ${time}`,
  inFlight: count => `${count} 项进行中`,
  failures: count => `${count} 项失败`,
  retries: count => `重试 ${count} 次`,
};
