import type { KeyGroup } from '../../config/key-table.ts';

/** What `--help` says, but for the configuration's keys. */
export interface HelpWords {
  /** One line a command, and one an action: `ledger export`. */
  commands: Readonly<
    Record<
      | 'sync'
      | 'init'
      | 'doctor'
      | 'history'
      | 'history show'
      | 'verify'
      | 'restore'
      | 'ledger'
      | 'ledger export'
      | 'ledger import'
      | 'ledger rebuild'
      | 'ledger adopt'
      | 'ledger uploads'
      | 'schedule'
      | 'status'
      | 'schedule install'
      | 'schedule print'
      | 'schedule remove'
      | 'local-cos'
      | 'demo'
      | 'completion'
      | 'help'
      | 'version',
      string
    >
  >;
  options: Readonly<
    Record<
      | 'dryRun'
      | 'follow'
      | 'service'
      | 'allowEmpty'
      | 'otherDisk'
      | 'explain'
      | 'recover'
      | 'repair'
      | 'deep'
      | 'attributes'
      | 'last'
      | 'html'
      | 'allShards'
      | 'format'
      | 'from'
      | 'output'
      | 'table'
      | 'abort'
      | 'yes'
      | 'to'
      | 'restoreAt'
      | 'restoreRun'
      | 'overwrite'
      | 'thaw'
      | 'restoreYes'
      | 'demoDir'
      | 'demoWatch'
      | 'port'
      | 'dir'
      | 'localBucket'
      | 'localRegion'
      | 'kind'
      | 'every'
      | 'at'
      | 'scheduleName'
      | 'shards'
      | 'config'
      | 'home'
      | 'json'
      | 'quiet'
      | 'verbose'
      | 'progress'
      | 'lang'
      | 'help'
      | 'version',
      string
    >
  >;
  headings: { usage: string; commands: string; actions: string; example: string };
  /** What stands above the options of a command and those of every command. */
  ownOptions(command: string): string;
  everyCommand: string;
  /** Above the options that are keys of the file, and their groups. */
  keyOptions: string;
  groups: Readonly<Record<KeyGroup, string>>;
  default(value: string): string;
  /** What an alone program does, and where to read more. */
  more: string;
  flags: string;
}

export const helpEn: HelpWords = {
  commands: {
    sync: 'mirror local_path into the bucket (cos_sync without a command is the same)',
    init: 'ask for the values that matter, test them, and write conf/config.json',
    doctor: 'check configuration, folder, ledger, network, credentials, permissions; say what to do',
    history: 'list past runs, or write a page with charts',
    'history show': 'one run with its failures; without a number the last one',
    verify: 'compare the ledger with what COS holds and with the local folder',
    status: 'whether a daemon is running, and what it does',
    restore: 'bring files back from COS: everything, or the files, folders and patterns given',
    ledger:
      'export, import, rebuild or take over the record of what was synced; list or end unfinished uploads',
    'ledger export': 'write all records as text',
    'ledger import': "take over records: what export wrote, or the original's db_rec.db",
    'ledger adopt': 'take over the records of another ledger of the same bucket and cos_path',
    'ledger rebuild': "make the ledger anew from the bucket's listing and the local files",
    'ledger uploads': 'list unfinished uploads in parts, or end them',
    schedule: 'a systemd timer, a cron line or a Windows scheduled task',
    'schedule install': 'make the program start by itself',
    'schedule print': 'show every file and command of that, and do nothing',
    'schedule remove': 'undo it',
    'local-cos': 'run a COS on this machine, for tests',
    demo: 'see the main job without an account: a sample folder, a COS on this machine',
    completion: 'print the script that lets a shell complete commands and options',
    help: 'show this text, or that of one command',
    version: 'show the version',
  },
  options: {
    service: 'start the daemon with the machine, and again when it fails; not with cron',
    follow: 'go on showing it, until Ctrl-C',
    dryRun: 'print what would be done, change nothing',
    allowEmpty: 'delete even where the scan finds no file at all (once)',
    otherDisk: 'delete though the folder, or a disk below it, is another than in the last run (once)',
    explain: 'only say what would be done with this file or folder, and why (implies --dry-run)',
    recover: 'put the last good configuration back, as after an upgrade that overwrote it',
    repair: 'upload again what is missing or different in COS',
    deep: 'also read every local file and compare its content with its record',
    attributes: 'with --repair: give every object the configured class, ACL, encryption, headers, meta',
    last: 'only the last so many runs',
    allShards: 'the newest run of each shard, and their sum',
    html: 'write a page with charts to this file; it opens without a network',
    format: 'what the records are written as',
    from: 'the ledger to take over (may be repeated; default: all others in db/)',
    output: 'write to this file instead of standard output',
    table: "the table of a predecessor's db_rec.db, where it is not found by itself",
    abort: 'end the upload with this ID; without an ID all that no sync goes on with (needs --yes)',
    yes: 'do end all that --abort found',
    to: 'the folder to restore to (needed)',
    restoreAt: 'as it was then, in a bucket that keeps versions: 2026-11-20T18:00, or 2h, 3d ago',
    restoreRun: 'as it was when this run of history ended',
    overwrite: 'what to do about files that are there and different',
    thaw: 'ask COS to make archived objects readable for so many days',
    restoreYes: 'restore into local_path although a sync uses it',
    demoWatch: 'show the watch, too, for a few seconds',
    demoDir: 'sync this folder instead of a sample (it is only read)',
    port: 'port to listen on; 0 is any free one',
    dir: 'folder for the objects (default: local-cos in the current folder)',
    localBucket: 'bucket to make; its APPID is the last part of its name',
    localRegion: 'region to be in',
    kind: 'what starts the program (default: what this system has)',
    every: '15m, 1h, … (what divides an hour or a day) or daily',
    at: 'time of day of a daily run',
    scheduleName: 'a name, where there are several schedules',
    shards: 'among how many processes the folder is divided',
    config: 'configuration file (default: conf/config.json in home)',
    home: "folder of conf/, db/ and log/ (default: the program's own folder, or COS_SYNC_HOME)",
    json: 'print one JSON object instead of lines',
    quiet: 'print only failures and the statistics',
    verbose: 'print every operation, also on a terminal',
    progress: 'no progress display',
    lang: "language (default: the configuration's, else the system's)",
    help: 'show this text',
    version: 'show the version',
  },
  headings: { usage: 'Usage:', commands: 'Commands:', actions: 'Actions:', example: 'Example:' },
  ownOptions: command => `Options of ${command}:`,
  everyCommand: 'Options of every command:',
  keyOptions: 'Each key of the configuration file is an option, which wins over the file:',
  groups: {
    bucket: 'The bucket, and the way to it:',
    files: 'What is synced:',
    deletions: 'Deletions:',
    uploads: 'Uploads:',
    repeat: 'Repeated runs:',
    after: 'After a run:',
  },
  default: value => `(default: ${value})`,
  more: 'cos_sync help COMMAND lists the options of a command.',
  flags:
    'What takes no value is on as --dry-run, --dry-run=1, =true, =yes, =on, and off as =0, =false, =no, =off, --no-dry-run.',
};

export const helpZh: HelpWords = {
  commands: {
    sync: '将 local_path 同步到存储桶（不写命令时即为此命令）',
    init: '询问必要的配置，测试后写入 conf/config.json',
    doctor: '检查配置、目录、数据库、网络、密钥和权限，并说明该怎么办',
    history: '列出运行历史，或生成带图表的网页',
    'history show': '显示某次运行及其失败项；不写编号则为最近一次',
    verify: '将本地数据库与 COS 上的实际内容及本地目录进行比较',
    status: '后台进程是否在运行、正在做什么',
    restore: '从 COS 恢复文件：全部，或指定的文件、目录和模式',
    ledger: '导出、导入、重建或接管同步记录；列出或终止未完成的分块上传',
    'ledger export': '将全部记录写成文本',
    'ledger import': '导入记录：export 导出的文件，或原工具的 db_rec.db',
    'ledger adopt': '接管同一存储桶和 cos_path 的另一个数据库的记录',
    'ledger rebuild': '根据存储桶列表和本地文件重建数据库',
    'ledger uploads': '列出或终止未完成的分块上传',
    schedule: 'systemd 定时器、cron 或 Windows 计划任务',
    'schedule install': '安装定时任务，使程序自动运行',
    'schedule print': '只显示将涉及的文件和命令，不做任何操作',
    'schedule remove': '删除定时任务',
    'local-cos': '在本机运行一个 COS，供测试用',
    demo: '无需账号的演示：示例目录和本机的 COS',
    completion: '输出命令行补全脚本',
    help: '显示本帮助，或某个命令的帮助',
    version: '显示版本',
  },
  options: {
    service: '随系统启动后台进程，失败后自动重启；不用于 cron',
    follow: '持续显示，直到 Ctrl-C',
    dryRun: '只列出将要做的操作，不做任何改动',
    allowEmpty: '即使没有扫描到任何文件也执行删除（仅此一次）',
    otherDisk: '即使目录或其下的磁盘与上次运行时不同也执行删除（仅此一次）',
    explain: '只说明将如何处理此文件或目录，以及原因（相当于同时使用 --dry-run）',
    recover: '恢复最近一次可用的配置（例如升级时被覆盖之后）',
    repair: '重新上传 COS 上缺失或不同的文件',
    deep: '同时读取每个本地文件，将其内容与记录比较',
    attributes: '与 --repair 同用：让每个对象具有配置的存储类型、ACL、加密、请求头和元数据',
    last: '只列出最近的若干次',
    allShards: '各分片最近一次运行及其合计',
    html: '把带图表的网页写入此文件，无需网络即可打开',
    format: '导出的格式',
    from: '要接管的数据库（可重复；默认：db/ 中所有其他数据库）',
    output: '写入此文件，而不是标准输出',
    table: '无法自动找到时，指定原工具的 db_rec.db 中的表名',
    abort: '终止此上传 ID；不写 ID 则终止所有不会被续传的上传（需要 --yes）',
    yes: '确认终止 --abort 找到的全部上传',
    to: '恢复到哪个目录（必填）',
    restoreAt: '恢复到当时的状态（存储桶须开启版本控制）：2026-11-20T18:00，或 2h、3d 以前',
    restoreRun: '恢复到 history 中这次运行结束时的状态',
    overwrite: '如何处理已存在且内容不同的文件',
    thaw: '请 COS 将归档的对象恢复为可读，并保持这么多天',
    restoreYes: '即使 local_path 正用于同步，也恢复到其中',
    demoWatch: '再用几秒演示监视',
    demoDir: '同步此目录而不是示例目录（只读取它）',
    port: '监听的端口；0 表示任意空闲端口',
    dir: '保存对象的目录（默认：当前目录下的 local-cos）',
    localBucket: '要创建的存储桶；名称的最后一段是 APPID',
    localRegion: '所在的地域',
    kind: '由什么启动程序（默认：本系统所具备的）',
    every: '15m、1h 等能整除一小时或一天的间隔，或 daily（每天）',
    at: '每天运行的时刻',
    scheduleName: '定时任务的名称，有多个时用于区分',
    shards: '将文件夹分给多少个进程',
    config: '配置文件（默认：主目录下的 conf/config.json）',
    home: 'conf/、db/、log/ 所在的主目录（默认：程序所在目录，或 COS_SYNC_HOME）',
    json: '输出一个 JSON 对象，而不是逐行文本',
    quiet: '只输出失败和统计',
    verbose: '在终端上也逐行输出每个操作',
    progress: '不显示进度',
    lang: '语言（默认：配置文件中的，否则为系统的）',
    help: '显示本帮助',
    version: '显示版本',
  },
  headings: { usage: '用法：', commands: '命令：', actions: '子命令：', example: '示例：' },
  ownOptions: command => `${command} 的选项：`,
  everyCommand: '通用选项：',
  keyOptions: '配置文件的每个配置项都有同名选项，优先于配置文件：',
  groups: {
    bucket: '存储桶及其连接：',
    files: '同步哪些文件：',
    deletions: '删除：',
    uploads: '上传：',
    repeat: '重复运行：',
    after: '运行之后：',
  },
  default: value => `（默认：${value}）`,
  more: 'cos_sync help 命令：列出该命令的选项。',
  flags:
    '开关选项：--dry-run 或 --dry-run=1、=true、=yes、=on 为开，=0、=false、=no、=off、--no-dry-run 为关。',
};
