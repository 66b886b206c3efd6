import type { Outcome } from '../../engine/upkeep/import-records.ts';
import type { RebuildCounts } from '../../engine/upkeep/rebuild.ts';
import type { ImportProblem } from '../../ledger/errors.ts';
import type { Call } from './call.ts';
import { counted } from './counted.ts';

/** What `cos_sync ledger` says. */
export interface LedgerWords {
  exported(records: number, file: string): string;
  outputUnwritable(file: string, code: string): string;
  importProblems: Record<ImportProblem, (file: string, detail: string) => string>;
  imported(taken: number): string;
  /** Why records were not taken, with the count. */
  notTaken: Record<Exclude<Outcome, 'taken'>, (count: number) => string>;
  notChecked: string;
  listed(objects: number): string;
  rebuilt: Record<keyof RebuildCounts, (count: number) => string>;
  rebuildDone(file: string): string;
  adopted(records: number, file: string): string;
  /** The records are hardly of this folder. */
  adoptedElsewhere(there: number, lookedAt: number, folder: string): string;
  nothingToAdopt(target: string): string;
  previous(file: string): string;
  noUploads(target: string): string;
  uploads(count: number, target: string): string;
  age(seconds: number): string;
  ours: string;
  howToAbort: string;
  confirm(count: number): string;
  keptOurs(count: number): string;
  nothingToAbort: string;
  aborted(count: number): string;
  abortFailed(key: string, reason: string): string;
  noSuchUpload(id: string): string;
}

export const ledgerEn = (call: Call): LedgerWords => ({
  exported: (records, file) => `${counted(records, 'record')} written to ${file}`,
  outputUnwritable: (file, code) =>
    code === 'EISDIR'
      ? `${file} is a folder: name a file in it with --output`
      : `${file} cannot be written (${code}): choose another place with --output, and check its folder and free space`,
  importProblems: {
    missing: file => `${file}: there is no such file`,
    unreadable: (file, detail) =>
      detail === 'EISDIR'
        ? `${file} is a folder: name the file in it`
        : `${file} cannot be read (${detail}): check its permissions, and copy it anew`,
    unknownFormat: file =>
      `${file} is not a ledger: it must be what "ledger export" wrote, or the original's db_rec.db`,
    noTable: file => `${file} has no table of the original tool: is it the db_rec.db from its db/ folder?`,
    whichTable: (file, tables) =>
      `${file} has no table for this bucket, local_path and cos_path: write them as the original's configuration had them, or choose one with --table. There are: ${tables}`,
  },
  imported: taken =>
    `${counted(taken, 'record')} taken: the local files are as they were when they were uploaded`,
  notTaken: {
    recorded: count => `${count} not taken: the ledger has a record already, which is kept`,
    changed: count => `${count} not taken: the file changed since; the next sync uploads it`,
    gone: count => `${count} not taken: there is no such file any more; its object stays in COS`,
    unreadable: count => `${count} not taken: the file cannot be read; fix that and import again`,
    elsewhere: count => `${count} not taken: of another bucket or another cos_path`,
    outside: count => `${count} not taken: not below local_path`,
    invalid: count => `${count} not taken: not a record that can be read`,
  },
  notChecked: `COS was not asked whether it holds them. To ask it: ${call('verify')}`,
  listed: objects => `${counted(objects, 'object')} listed`,
  rebuilt: {
    files: count =>
      `${counted(count, 'file is', 'files are')} in COS with the same content: recorded, nothing uploaded`,
    folders: count => `${counted(count, 'folder is', 'folders are')} in COS: recorded`,
    different: count =>
      `${counted(count, 'file has', 'files have')} other content than in COS: for the next sync to upload`,
    notInCos: count => `${counted(count, 'file is', 'files are')} not in COS: for the next sync to upload`,
    kept: count =>
      `${counted(count, 'object')} without a local file recorded as before: for delete_sync to delete, as it would have`,
    leftAlone: count =>
      `${counted(count, 'object')} without a local file left alone: nothing says that this came from here. Delete it yourself if it did`,
    unreadable: count =>
      `${counted(count, 'file or folder', 'files or folders')} could not be read: not compared, for the next sync to try`,
  },
  adopted: (records, file) => `${counted(records, 'record')} taken over from ${file}`,
  adoptedElsewhere: (there, lookedAt, folder) =>
    `of ${counted(lookedAt, 'recorded file')} only ${there} are in ${folder}: is it the folder that moved? With delete_sync the next sync deletes the objects of all others. Look at it first: ${call('sync --dry-run')}`,
  nothingToAdopt: target =>
    `nothing to take over: db/ has no other ledger of ${target} that is not taken over yet`,
  rebuildDone: file => `the ledger is rebuilt: ${file}`,
  previous: file => `the one before is kept as ${file}`,
  noUploads: target => `no unfinished uploads under ${target}`,
  uploads: (count, target) => `${counted(count, 'unfinished upload')} under ${target}; COS bills the parts:`,
  age: seconds => inUnits(seconds, 'd', 'h', 'min'),
  ours: 'the next sync goes on with it',
  howToAbort: `to end them: ${call('ledger uploads --abort --yes')}\nto end one of them: ${call('ledger uploads --abort UPLOAD_ID')}`,
  confirm: count =>
    `nothing was ended: say --abort --yes to end ${count} of them. If another program is uploading there right now, its upload would fail`,
  keptOurs: count => `${count} kept for the next sync to go on with (to end one: --abort UPLOAD_ID)`,
  nothingToAbort: 'nothing to end',
  aborted: count => `${count} ended: COS deleted the parts`,
  abortFailed: (key, reason) => `could not be ended: ${key}: ${reason}`,
  noSuchUpload: id => `there is no unfinished upload ${id} under cos_path`,
});

export const ledgerZh = (call: Call): LedgerWords => ({
  exported: (records, file) => `已将 ${records} 条记录写入 ${file}`,
  outputUnwritable: (file, code) =>
    code === 'EISDIR'
      ? `${file} 是目录：请用 --output 指定其中的文件名`
      : `${file} 无法写入（${code}）：请用 --output 指定其他位置，并检查其目录和剩余空间`,
  importProblems: {
    missing: file => `${file}：文件不存在`,
    unreadable: (file, detail) =>
      detail === 'EISDIR'
        ? `${file} 是目录：请写其中的文件`
        : `${file} 无法读取（${detail}）：请检查权限，或重新复制一份`,
    unknownFormat: file => `${file} 不是本地数据库：必须是 “ledger export” 导出的文件，或原工具的 db_rec.db`,
    noTable: file => `${file} 中没有原工具的表：它是原工具 db/ 目录中的 db_rec.db 吗？`,
    whichTable: (file, tables) =>
      `${file} 中没有与当前 bucket、local_path、cos_path 对应的表：请按原工具的配置填写，或用 --table 指定。现有的表：${tables}`,
  },
  imported: taken => `已导入 ${taken} 条记录：对应的文件与上传时一致`,
  notTaken: {
    recorded: count => `${count} 条未导入：本地数据库已有记录，予以保留`,
    changed: count => `${count} 条未导入：文件此后有变化，下次同步会上传`,
    gone: count => `${count} 条未导入：文件已不存在，其对象仍保留在 COS 上`,
    unreadable: count => `${count} 条未导入：文件无法读取，请处理后重新导入`,
    elsewhere: count => `${count} 条未导入：属于其他存储桶或其他 cos_path`,
    outside: count => `${count} 条未导入：不在 local_path 之下`,
    invalid: count => `${count} 条未导入：不是可识别的记录`,
  },
  notChecked: `没有向 COS 核实这些对象是否存在。核实：${call('verify')}`,
  listed: objects => `已列出 ${objects} 个对象`,
  rebuilt: {
    files: count => `${count} 个文件在 COS 上内容相同：已记录，未上传任何内容`,
    folders: count => `${count} 个目录在 COS 上已存在：已记录`,
    different: count => `${count} 个文件与 COS 上的内容不同：下次同步会上传`,
    notInCos: count => `${count} 个文件不在 COS 上：下次同步会上传`,
    kept: count => `${count} 个没有本地文件的对象保留其记录：delete_sync 会照常删除它们`,
    leftAlone: count => `${count} 个没有本地文件的对象不作处理：无法证明是由这里上传的。如确认是，请自行删除`,
    unreadable: count => `${count} 个文件或目录无法读取：未比较，下次同步会再试`,
  },
  adopted: (records, file) => `已从 ${file} 接管 ${records} 条记录`,
  adoptedElsewhere: (there, lookedAt, folder) =>
    `${lookedAt} 个有记录的文件中只有 ${there} 个在 ${folder} 中：它是移动后的那个目录吗？delete_sync 开启时，下次同步会删除其余文件的对象。请先查看：${call('sync --dry-run')}`,
  nothingToAdopt: target => `没有需要接管的记录：db/ 中没有 ${target} 的其他未接管的数据库`,
  rebuildDone: file => `本地数据库已重建：${file}`,
  previous: file => `原来的文件保留为 ${file}`,
  noUploads: target => `${target} 下没有未完成的分块上传`,
  uploads: (count, target) => `${target} 下有 ${count} 个未完成的分块上传，COS 会对其分块计费：`,
  age: seconds => inUnits(seconds, ' 天', ' 小时', ' 分钟'),
  ours: '下次同步会续传',
  howToAbort: `全部终止：${call('ledger uploads --abort --yes')}\n只终止一个：${call('ledger uploads --abort 上传ID')}`,
  confirm: count =>
    `没有终止任何上传：加上 --abort --yes 可终止其中 ${count} 个。如果此刻有其他程序正在向那里上传，它的上传会失败`,
  keptOurs: count => `保留 ${count} 个：下次同步会续传（如要终止：--abort 上传ID）`,
  nothingToAbort: '没有需要终止的上传',
  aborted: count => `已终止 ${count} 个：COS 已删除其分块`,
  abortFailed: (key, reason) => `未能终止：${key}：${reason}`,
  noSuchUpload: id => `cos_path 下没有未完成的上传 ${id}`,
});

function inUnits(seconds: number, days: string, hours: string, minutes: string): string {
  if (seconds >= 2 * 24 * 3600) return `${Math.floor(seconds / (24 * 3600))}${days}`;
  if (seconds >= 2 * 3600) return `${Math.floor(seconds / 3600)}${hours}`;
  return `${Math.max(0, Math.floor(seconds / 60))}${minutes}`;
}
