/** What `cos_sync sync --dry-run --explain` says. */
export interface ExplainWords {
  ownFolder(folder: string): string;
  ownFile(file: string): string;
  systemFolder(folder: string): string;
  excluded(pattern: string, matched: string): string;
  notIncluded: string;
  /** Said of an excluded file that was uploaded before. */
  stays: string;
  uploads: {
    new: string;
    unknownInCos: string;
    otherContent: string;
    otherSize(from: string, to: string): string;
  };
  copy(from: string): string;
  createFolder: string;
  unchanged: {
    asRecorded: string;
    sameContent: string;
    folder: string;
    noFolderObjects: string;
  };
  deletes: string;
  held(reasons: string): string;
  kept: string;
  failed(reason: string): string;
  skipped(reason: string): string;
  nowhere: string;
  /** Where several reasons are listed. */
  and: string;
}

export const explainEn: ExplainWords = {
  ownFolder: folder => `left out: ${folder} is this program's own folder`,
  ownFile: file => `left out: ${file} is this program's own file`,
  systemFolder: folder => `left out: ${folder} is the system's own; name it in include to take it`,
  excluded: (pattern, matched) => `left out: exclude has "${pattern}", which matches ${matched}`,
  notIncluded: 'left out: no pattern of include matches it',
  stays: 'it was uploaded before; its object stays in COS',
  uploads: {
    new: 'uploaded: it was not uploaded before',
    unknownInCos: 'uploaded: an earlier run was cut off before COS confirmed it',
    otherContent: 'uploaded: its content differs from what was uploaded, though its size does not',
    otherSize: (from, to) => `uploaded: its size changed from ${from} to ${to} bytes`,
  },
  copy: from => `copied inside COS: it is ${from}, which moved here`,
  createFolder: 'its folder object is made: it was not made before',
  unchanged: {
    asRecorded: 'nothing: size and mtime are those of its upload',
    sameContent:
      'nothing is uploaded: its content was read and is what was uploaded; the record is refreshed',
    folder: 'nothing: its folder object was made before',
    noFolderObjects: 'nothing: create_folders is 0',
  },
  deletes: 'deleted in COS: it is gone here, and delete_sync is 1',
  held: reasons => `not deleted in COS, though it is gone here: ${reasons}`,
  kept: 'nothing: it is gone here, and stays in COS because delete_sync is 0',
  failed: reason => `failed: ${reason}`,
  skipped: reason => `skipped: ${reason}`,
  nowhere: 'nothing: there is no such file, and none was uploaded from there',
  and: '; ',
};

export const explainZh: ExplainWords = {
  ownFolder: folder => `不参与同步：${folder} 是本程序自己的目录`,
  ownFile: file => `不参与同步：${file} 是本程序自己的文件`,
  systemFolder: folder => `不参与同步：${folder} 是系统自用的目录；要同步请在 include 中写明`,
  excluded: (pattern, matched) => `不参与同步：exclude 中的“${pattern}”匹配 ${matched}`,
  notIncluded: '不参与同步：include 中没有与它匹配的模式',
  stays: '它曾经上传过，COS 上的对象保留',
  uploads: {
    new: '上传：以前没有上传过',
    unknownInCos: '上传：上次运行在 COS 确认之前中断了',
    otherContent: '上传：大小未变，但内容与已上传的不同',
    otherSize: (from, to) => `上传：大小从 ${from} 字节变为 ${to} 字节`,
  },
  copy: from => `在 COS 内复制：它就是移动到此处的 ${from}`,
  createFolder: '创建目录对象：以前没有创建过',
  unchanged: {
    asRecorded: '不做任何操作：大小和修改时间与上传时相同',
    sameContent: '不上传：读取后内容与已上传的相同，只更新记录',
    folder: '不做任何操作：目录对象已经创建',
    noFolderObjects: '不做任何操作：create_folders 为 0',
  },
  deletes: '在 COS 上删除：本地已不存在，且 delete_sync 为 1',
  held: reasons => `本地已不存在，但暂不在 COS 上删除：${reasons}`,
  kept: '不做任何操作：本地已不存在，因 delete_sync 为 0，COS 上保留',
  failed: reason => `失败：${reason}`,
  skipped: reason => `跳过：${reason}`,
  nowhere: '不做任何操作：没有这个文件，也从未上传过',
  and: '；',
};
