import type { FindingKind } from '../../engine/upkeep/verify.ts';
import type { Call } from './call.ts';
import { counted } from './counted.ts';

/** What `cos_sync verify` says. */
export interface VerifyWords {
  comparing(target: string, ledger: string): string;
  listed(objects: number): string;
  /** A run is under way: what it does at this moment looks like a difference. */
  runUnderWay: string;
  localUnreadable(path: string): string;
  emptyLedger: string;
  /** The label of a line, one a kind. */
  labels: Record<FindingKind, string>;
  /** What a kind means and what happens to it, with its count. */
  meaning: Record<FindingKind, (count: number) => string>;
  attributes(applied: number, failed: number): string;
  unconfirmed(count: number): string;
  counted(objects: number, records: number, same: number): string;
  newLocally(count: number): string;
  allRight: string;
  wrong(count: number): string;
  repairing(count: number): string;
  repaired: string;
  stillWrong(count: number): string;
}

export const verifyEn = (call: Call): VerifyWords => ({
  comparing: (target, ledger) => `comparing ${target} with ${ledger}`,
  listed: objects => `${counted(objects, 'object')} listed`,
  runUnderWay: 'a run is under way: what it does right now may look like a difference',
  localUnreadable: path => `local_path ${path} cannot be read: only COS and the ledger are compared`,
  emptyLedger: `the ledger has no records: nothing was synced from here yet, or db/ was lost. To make a new one from what is in COS: ${call('ledger rebuild')}`,
  labels: {
    missing: 'missing',
    different: 'differs',
    content: 'content',
    unreadable: 'unreadable',
    changedLocally: 'changed',
    goneLocally: 'deleted',
    begun: 'begun',
    unknown: 'unknown',
  },
  meaning: {
    missing: count => `${count} missing in COS: recorded as uploaded, but not there`,
    different: count => `${count} different in COS: another size or content than was uploaded`,
    content: count =>
      `${counted(count, 'local file has', 'local files have')} other content than was uploaded, with unchanged size and mtime: a sync does not see that`,
    unreadable: count => `${counted(count, 'local file')} could not be read: not compared`,
    changedLocally: count =>
      `${count} changed locally since the upload: no fault of COS, for the next sync to upload`,
    goneLocally: count =>
      `${count} deleted locally since the upload: no fault of COS, for the next sync to delete where delete_sync is 1`,
    begun: count =>
      `${counted(count, 'object')} of a run that was ended before it knew what became of them: the next sync finds out`,
    unknown: count =>
      `${counted(count, 'object is', 'objects are')} not in the ledger: not from here, and never touched`,
  },
  attributes: (applied, failed) =>
    `${counted(applied, 'object has', 'objects have')} the configured attributes now${failed > 0 ? `, ${failed} have not:` : ''}`,
  unconfirmed: count =>
    `${count} not confirmed: only the listing says so, which may lag, and the key pair may not look at the objects (needs name/cos:HeadObject): they are not repaired`,
  counted: (objects, records, same) =>
    `${counted(objects, 'object')} in COS, ${counted(records, 'record')}, ${same} as recorded`,
  newLocally: count =>
    `${counted(count, 'local file is', 'local files are')} not uploaded yet: the next sync does it`,
  allRight: 'COS holds everything as recorded',
  wrong: count =>
    `${count} wrong. To upload ${count === 1 ? 'it' : 'them'} again: ${call('verify --repair')}`,
  repairing: count =>
    `repairing: a sync uploads what ${counted(count, 'wrong record is', 'wrong records are')} about again`,
  repaired: 'repaired: COS holds everything as recorded',
  stillWrong: count => `${count} still wrong: see the failures above, fix them, and repair again`,
});

export const verifyZh = (call: Call): VerifyWords => ({
  comparing: (target, ledger) => `正在比较 ${target} 与 ${ledger}`,
  listed: objects => `已列出 ${objects} 个对象`,
  runUnderWay: '有一个运行正在进行：它正在做的改动可能显示为差异',
  localUnreadable: path => `local_path ${path} 无法读取：仅比较 COS 与本地数据库`,
  emptyLedger: `本地数据库中没有记录：可能还没有同步过，或 db/ 已丢失。根据 COS 上的内容重建：${call('ledger rebuild')}`,
  labels: {
    missing: '缺失',
    different: '不同',
    content: '内容',
    unreadable: '不可读',
    changedLocally: '已变化',
    goneLocally: '已删除',
    begun: '未确认',
    unknown: '未知',
  },
  meaning: {
    missing: count => `COS 上缺失 ${count} 项：记录为已上传，但实际不存在`,
    different: count => `COS 上有 ${count} 项不同：大小或内容与上传时不一致`,
    content: count => `${count} 个本地文件的内容与上传时不同，但大小和修改时间未变：同步时发现不了`,
    unreadable: count => `${count} 个本地文件无法读取：未能比较其内容`,
    changedLocally: count => `${count} 项在上传后于本地发生变化：不是 COS 的问题，下次同步会处理`,
    goneLocally: count =>
      `${count} 项在上传后于本地被删除：不是 COS 的问题，如果 delete_sync 为 1，下次同步会从 COS 删除`,
    begun: count => `${count} 个对象来自中途结束的运行，其结果未能确认：下次同步会查明`,
    unknown: count => `${count} 个对象不在本地数据库中：不是由这里上传的，绝不会改动`,
  },
  attributes: (applied, failed) =>
    `${applied} 个对象已具有配置的属性${failed > 0 ? `，${failed} 个没有：` : ''}`,
  unconfirmed: count =>
    `${count} 项未经确认：仅据可能滞后的列表，且无权查看对象（需要 name/cos:HeadObject），不会为其修复`,
  counted: (objects, records, same) => `COS 上 ${objects} 个对象，${records} 条记录，${same} 项与记录一致`,
  newLocally: count => `${count} 个本地文件尚未上传：下次同步会上传`,
  allRight: 'COS 上的内容与记录完全一致',
  wrong: count => `${count} 项有误。重新上传：${call('verify --repair')}`,
  repairing: count => `正在修复：${count} 条记录有误，随后的同步会重新上传这些文件`,
  repaired: '修复完成：COS 上的内容与记录完全一致',
  stillWrong: count => `仍有 ${count} 项有误：请查看上面的失败原因，处理后再次修复`,
});
