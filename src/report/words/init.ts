import type { Call } from './call.ts';

/** The values that `cos_sync init` asks for. */
export type AskedKey = 'secret_id' | 'secret_key' | 'bucket' | 'region' | 'local_path' | 'cos_path';

/** What `cos_sync init` says. */
export interface InitWords {
  intro(file: string): string;
  /** A question, one a value. */
  questions: Record<AskedKey, string>;
  /** What an empty answer means: the value that is there. */
  keep(value: string): string;
  keepSecret: string;
  secretsFromEnvironment: string;
  /** Offers; an empty answer accepts. */
  machineRole(role: string): string;
  podRole: string;
  filledIn(file: string): string;
  unreadable(file: string, old: string): string;
  noSuchFolder(path: string): string;
  testing: string;
  /** @param isOn what an empty answer means */
  deleteSync(isOn: boolean): string;
  /** Answers: c, y, or anything else. */
  notAllRight: string;
  written(file: string): string;
  notWritten(file: string): string;
  next: string;
  hasKeptCopy: string;
  nothingToRecover(file: string): string;
  /** @param aside where what was there went */
  recovered(file: string, aside: string | undefined): string;
  cancelled: string;
}

export const initEn = (call: Call): InitWords => ({
  intro: file =>
    `Seven questions, then ${file} is written.\nThe keys are at https://console.tencentcloud.com/cam/capi, the bucket at https://console.tencentcloud.com/cos`,
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
  machineRole: role =>
    `This machine has the CAM role ${role}. Use it, so that no secret stands in the file? [Y/n]`,
  podRole: 'This pod has a CAM role. Use it, so that no secret stands in the file? [Y/n]',
  secretsFromEnvironment: 'The keys come from the environment and are not written into the file.',
  filledIn: file => `${file} is filled in already. Change it? [y/N]`,
  unreadable: (file, old) => `${file} is not valid JSON. Write a new one and keep this one as ${old}? [y/N]`,
  noSuchFolder: path => `there is no folder ${path}`,
  testing: 'Testing it:',
  deleteSync: isOn => `Delete in the bucket what was deleted in the folder? [${isOn ? 'Y/n' : 'y/N'}]`,
  notAllRight:
    'Not everything is right. Change the answers (c), write them anyway (y), or stop here (n)? [c/y/N]',
  written: file => `Written: ${file}`,
  notWritten: file => `Nothing was written: ${file} is as it was.`,
  next: `Next:\n  ${call('sync --dry-run')}   shows what would be done\n  ${call('sync')}             does it`,
  hasKeptCopy: `The last good configuration is still here. To put it back instead: ${call('init --recover')}`,
  nothingToRecover: file => `${file} is the last good configuration already`,
  recovered: (file, aside) =>
    `Put back: ${file}${aside === undefined ? '' : `\nWhat was there is now ${aside}`}`,
  cancelled: 'cancelled: nothing was written',
});

export const initZh = (call: Call): InitWords => ({
  intro: file =>
    `回答七个问题后写入 ${file}。\n密钥：https://console.cloud.tencent.com/cam/capi，存储桶：https://console.cloud.tencent.com/cos`,
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
  machineRole: role => `本机有 CAM 角色 ${role}。使用它，文件中就无需写入密钥，要使用吗？[Y/n]`,
  podRole: '该 Pod 有 CAM 角色。使用它，文件中就无需写入密钥，要使用吗？[Y/n]',
  secretsFromEnvironment: '密钥来自环境变量，不写入文件。',
  filledIn: file => `${file} 已填写过。要修改吗？[y/N]`,
  unreadable: (file, old) => `${file} 不是有效的 JSON。要写一个新的，并将它保留为 ${old} 吗？[y/N]`,
  noSuchFolder: path => `目录 ${path} 不存在`,
  testing: '正在测试：',
  deleteSync: isOn => `目录中删除的文件，是否也从存储桶中删除？[${isOn ? 'Y/n' : 'y/N'}]`,
  notAllRight: '存在问题。修改答案（c）、仍然写入（y），还是到此为止（n）？[c/y/N]',
  written: file => `已写入：${file}`,
  notWritten: file => `没有写入，${file} 保持原样。`,
  next: `接下来：\n  ${call('sync --dry-run')}   查看将要做的操作\n  ${call('sync')}             开始同步`,
  hasKeptCopy: `最近一次可用的配置仍在。如需恢复，请运行：${call('init --recover')}`,
  nothingToRecover: file => `${file} 已经是最近一次可用的配置`,
  recovered: (file, aside) => `已恢复：${file}${aside === undefined ? '' : `\n原来的文件现为 ${aside}`}`,
  cancelled: '已取消：没有写入任何内容',
});
