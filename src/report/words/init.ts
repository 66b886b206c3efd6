/** The values that `cos_sync init` asks for. */
export type AskedKey = 'secret_id' | 'secret_key' | 'bucket' | 'region' | 'local_path' | 'cos_path';

/** What `cos_sync init` says. */
export interface InitWords {
  help: string;
  intro(file: string): string;
  /** A question, one a value. */
  questions: Record<AskedKey, string>;
  /** What an empty answer means: the value that is there. */
  keep(value: string): string;
  keepSecret: string;
  secretsFromEnvironment: string;
  filledIn(file: string): string;
  unreadable(file: string, old: string): string;
  noSuchFolder(path: string): string;
  testing: string;
  writeAnyway: string;
  written(file: string): string;
  notWritten(file: string): string;
  next: string;
  cancelled: string;
}

export const initEn: InitWords = {
  help: 'ask for the values that matter, test them, and write conf/config.json',
  intro: file =>
    `Six questions, then ${file} is written.\nThe keys are at https://console.tencentcloud.com/cam/capi, the bucket at https://console.tencentcloud.com/cos`,
  questions: {
    secret_id: 'SecretId',
    secret_key: 'SecretKey (is not shown)',
    bucket: 'Bucket with its number, like backup-1250000000',
    region: "Region, like ap-guangzhou (may stay empty: it is looked up in the account's bucket list)",
    local_path: 'Folder to sync (absolute path)',
    cos_path: 'Where it goes in the bucket',
  },
  keep: value => `Enter: ${value}`,
  keepSecret: 'Enter: as it is',
  secretsFromEnvironment: 'The keys come from the environment and are not written into the file.',
  filledIn: file => `${file} is filled in already. Change it? [y/N]`,
  unreadable: (file, old) => `${file} is not valid JSON. Write a new one and keep this one as ${old}? [y/N]`,
  noSuchFolder: path => `there is no folder ${path}`,
  testing: 'Testing it:',
  writeAnyway: 'Not everything is right. Write it anyway? [y/N]',
  written: file => `Written: ${file}`,
  notWritten: file => `Nothing was written: ${file} is as it was.`,
  next: 'Next: "cos_sync sync --dry-run" shows what would be done, "cos_sync" does it.',
  cancelled: 'cancelled: nothing was written',
};

export const initZh: InitWords = {
  help: '询问必要的配置，测试后写入 conf/config.json',
  intro: file =>
    `回答六个问题后写入 ${file}。\n密钥：https://console.cloud.tencent.com/cam/capi，存储桶：https://console.cloud.tencent.com/cos`,
  questions: {
    secret_id: 'SecretId',
    secret_key: 'SecretKey（输入时不显示）',
    bucket: '存储桶全名，例如 backup-1250000000',
    region: '地域，例如 ap-guangzhou（可以不填：从账号的存储桶列表中查找）',
    local_path: '要同步的目录（绝对路径）',
    cos_path: '同步到存储桶中的位置',
  },
  keep: value => `直接回车：${value}`,
  keepSecret: '直接回车：不变',
  secretsFromEnvironment: '密钥来自环境变量，不写入文件。',
  filledIn: file => `${file} 已填写过。要修改吗？[y/N]`,
  unreadable: (file, old) => `${file} 不是有效的 JSON。要写一个新的，并将它保留为 ${old} 吗？[y/N]`,
  noSuchFolder: path => `目录 ${path} 不存在`,
  testing: '正在测试：',
  writeAnyway: '并非一切正常。仍要写入吗？[y/N]',
  written: file => `已写入：${file}`,
  notWritten: file => `没有写入，${file} 保持原样。`,
  next: '接下来：运行 “cos_sync sync --dry-run” 查看将要做的操作，运行 “cos_sync” 开始同步。',
  cancelled: '已取消：没有写入任何内容',
};
