import type { Call } from './call.ts';
import { doctorZh } from './doctor.ts';
import { explainZh } from './explain.ts';
import { failuresZh } from './failures.ts';
import { helpZh } from './help.ts';
import { historyZh } from './history.ts';
import { initZh } from './init.ts';
import { keysZh } from './keys.ts';
import { ledgerZh } from './ledger.ts';
import { progressZh } from './progress.ts';
import { restoreZh } from './restore.ts';
import { scheduleZh } from './schedule.ts';
import { shardZh } from './shard.ts';
import { statusZh } from './status.ts';
import { verifyZh } from './verify.ts';
import { watchZh } from './watch.ts';
import type { Words } from './words.ts';

const CONSOLE = 'https://console.cloud.tencent.com/cos';

export const zh = (call: Call): Words => ({
  language: 'zh',
  problems: {
    missing: () => '缺少该项：请填写',
    placeholder: ({ value }) => `仍是模板中的“${value}”：请填写您自己的值`,
    notText: ({ value }) => `必须是双引号内的文本，而不是 ${value}`,
    notNumber: ({ value, min, max }) => `必须是 ${min} 到 ${max} 之间的数字，而不是“${value}”`,
    outOfRange: ({ value, min, max }) => `必须在 ${min} 到 ${max} 之间，而不是 ${value}`,
    notSwitch: ({ value }) => `必须是 "1"（开）或 "0"（关），而不是“${value}”`,
    notChoice: ({ value, choices }) => `必须是 ${choices} 之一，而不是“${value}”`,
    notList: ({ value }) => `必须是模式列表，例如 ["*.tmp", "cache/**"]，而不是 ${value}`,
    notMap: ({ value }) => `必须是名称和值，例如 {"name": "value"}，而不是 ${value}`,
    notDeleteLimit: ({ value }) => `必须是数字（如 "1000"）或比例（如 "50%"），而不是“${value}”`,
    notProgram: ({ value }) =>
      `必须是程序的路径，或类似 ["/usr/bin/mail", "-s", "backup", "me"] 的列表，而不是 ${value}`,
    negatedPattern: ({ value }) =>
      `含有 ${value}：模式不能以“!”开头。要同步的写入 include，不同步的写入 exclude`,
    untouched: () => `仍是未修改的模板：请填写您自己的值，或运行 ${call('init')}`,
    notAbsolute: ({ value }) => `必须是绝对路径，例如 "/home/user/data" 或 "C:\\\\data"，而不是“${value}”`,
    isFile: ({ value }) => `必须是目录，但 ${value} 是文件：请填写它所在的目录`,
    escapedPath: ({ value }) =>
      `含有控制字符（${value}）：JSON 中 Windows 路径的每个 \\ 都要写两次，例如 "C:\\\\data\\\\new"`,
    bucketWithoutAppid: ({ value }) =>
      `“${value}”没有 APPID：请写成 "${value}-1250000000"（换成您的 APPID），或填写 appid`,
    badBucket: ({ value }) => `只能包含 a-z、0-9 和 -，而不是“${value}”：请从 ${CONSOLE} 复制名称`,
    badAppid: ({ value }) => `必须是账号的数字，例如 "1250000000"，而不是“${value}”`,
    badRegion: ({ value }) => `必须是地域名，例如 "ap-guangzhou"，而不是“${value}”`,
    onlyWithRepair: () => '须与 --repair 同用：它会改动 COS 上的对象',
    badHost: ({ value }) =>
      `必须是主机名，类似 "backup-1250000000.cos.ap-guangzhou.myqcloud.com"，而不是“${value}”`,
    badShard: ({ value, max }) =>
      `必须形如 "0/4"：从 0 开始的分片序号、斜杠、分片总数（最多 ${max}），而不是“${value}”`,
    shardNotInDaemon: () => '不能与 daemon_mode 或 watch 同时使用：请由 cron、systemd 或集群启动每次运行',
    shardOnlyInSync: () => '不能用于此命令（以及 --explain）：请在未分片的目录上使用，不加 shard',
    bareIpv6: ({ value, right }) =>
      `IPv6 地址没有加方括号：请写 "${right}" 或 "${right}:9000"，而不是“${value}”`,
    bucketIsHost: ({ bucket, region }) =>
      `是完整的主机名：请写 "bucket": "${bucket}"${region === 'accelerate' ? '、"endpoint": "cos.accelerate.myqcloud.com" 和 region' : `、"region": "${region}"`}`,
    regionForAccelerate: () => '缺失：加速域名只用于上传，列出、复制和删除要访问存储桶所在地域',
    badMetaName: ({ value }) => `含有名称“${value}”：COS 在此只接受字母、数字和 "-"`,
    metaTooLong: ({ value, max }) => `名称和值共 ${value} 字节：除修改时间外 COS 最多接受 ${max} 字节`,
    badEndpoint: ({ value }) => `必须类似 "https://cos.example.com" 或 "host:port"，而不是“${value}”`,
    badProxy: () => '必须类似 "http://proxy.example.com:3128"',
    needsCommandSource: () => '只有 "credentials": "command" 时才起作用',
    badCredential: () => '含有密钥中不会出现的字符：请重新复制，不要带空格或换行',
    badPattern: ({ value }) => `含有无法识别的模式：${value}`,
    badHeader: ({ value }) => `含有 HTTP 头不允许的名称或值：${value}`,
    ownHeader: ({ value }) => `含有由程序自行设置的 HTTP 头：${value}`,
    fileMissing: () => `文件不存在。生成：${call('init')}`,
    fileGone: ({ since }) =>
      `文件不存在。恢复最近一次可用的配置（${since}）：${call('init --recover')}；重新生成：${call('init')}`,
    templateAgain: ({ since }) =>
      `已被新版本压缩包中的模板覆盖。恢复最近一次可用的配置（${since}）：${call('init --recover')}`,
    noKeptCopy: ({ value }) => `没有可恢复的内容：${value} 不存在`,
    isFolder: () => '是目录：请写其中的配置文件',
    noPlainFile: () => '是管道或设备：请指定普通文件',
    dotsInPath: ({ value }) => `含有单独的 “.” 或 “..” 段（${value}）：请去掉`,
    fileUnreadable: ({ code }) => `无法读取（${code}）：请检查权限`,
    notUtf8: ({ line }) => `不是 UTF-8 编码（第 ${line} 行）：请在编辑器中另存为 UTF-8`,
    utf16: () => '是 UTF-16 编码：请在编辑器中另存为 UTF-8',
    notJson: ({ line }) => `不是有效的 JSON（第 ${line} 行附近）：请检查是否缺少引号、逗号或括号`,
    jsonComment: ({ line }) => `不是有效的 JSON（第 ${line} 行）：JSON 不支持注释，请删除`,
    jsonTrailingComma: ({ line }) => `不是有效的 JSON（第 ${line} 行）：请删除最后一个值后面的逗号`,
    jsonMissingComma: ({ line }) => `不是有效的 JSON（第 ${line} 行）：行末缺少逗号`,
    jsonQuotes: ({ line }) => `不是有效的 JSON（第 ${line} 行）：引号必须是英文双引号，如 "this"`,
    jsonWideMark: ({ line }) => `不是有效的 JSON（第 ${line} 行）：含有全角标点，请使用英文的 , : { } [ ]`,
    singleBackslash: ({ line }) =>
      `不是有效的 JSON（第 ${line} 行）：Windows 路径的每个 \\ 都要写两次，例如 "C:\\\\data"`,
    notObject: () => '必须是一个 JSON 对象：{ "key": "value", … }',
    unknownOption: ({ value }) => (value ? `不是选项；您是否想写 ${value}？` : '不是选项：请见 --help'),
    optionWithoutValue: () => '需要一个值',
    secretOption: () =>
      '不能作为选项，因为他人可以看到命令行：请写入配置文件，或使用环境变量 COS_SECRET_ID、COS_SECRET_KEY、COS_TOKEN',
    noAnswer: () => '没有可用的回答：没有写入任何内容',
    outsideLocalPath: ({ value, folder }) => `${value} 不在 local_path（${folder}）中`,
    unknownRun: ({ value, first, last }) =>
      Number(last) === 0 ? '还没有运行记录' : `没有编号为 ${value} 的运行；现有 ${first} 至 ${last}`,
    unwritable: ({ value, code }) =>
      code === 'EISDIR'
        ? `${value} 是目录：请写其中的文件名`
        : `${value} 无法写入（${code}）：请检查所在目录和权限`,
    noHistory: () => '已损坏，无法从中读出任何运行记录：请将其移走，下次运行会新建',
    ownFolder: ({ value, folder }) => `${value} 位于本程序自身的目录 ${folder} 中：请恢复到其他目录`,
    ownFile: ({ value }) => `${value} 是本程序自身使用的文件：请指定其他文件`,
    sameFile: ({ value }) => `与 ${value} 是同一个文件：请指定其他文件`,
    unknownCommand: ({ value }) => (value ? `不是命令；您是否想写 ${value}？` : '不是命令：请见 --help'),
    optionOfOther: ({ value }) => `对“${value}”不起作用：请见 ${call(`help ${value}`)}`,
    optionNeedsOther: ({ value }) => `没有 ${value} 时不起作用`,
    notFlagValue: ({ value }) =>
      `是开关，没有其他取值：请写 =1、=true、=yes、=on 或 =0、=false、=no、=off，而不是“${value}”`,
    manyValues: ({ value }) =>
      `只取一个值，而其后还有“${value}”：请给模式加上引号，否则 shell 会将其替换为文件名；多个值请重复该选项`,
    contradiction: () => '写了两次且不一致：请只写一次',
    actionMissing: ({ choices }) => `需要指明子命令：${choices} 之一`,
    argumentMissing: ({ value }) => `缺少 ${value}`,
    extraArgument: ({ command, value }) =>
      value
        ? `不是 ${command} 的参数；您是否想写 ${value}？`
        : `不是 ${command} 的参数：请见 ${call(`help ${command}`)}`,
    afterDashes: ({ value }) => `写在 “--” 之后，不再是选项，而 ${value} 没有这样的参数：请写在 “--” 之前`,
    badInterval: ({ value }) =>
      `必须是能整除一小时的分钟数（5m、15m、30m 等）、能整除一天的小时数（1h、2h、6h 等）或 daily，而不是“${value}”`,
    badTime: ({ value }) => `必须是 00:00 到 23:59 之间的时刻，而不是“${value}”`,
    serviceShards: () => '不能与 --shards 同时使用：后台进程处理的是整个文件夹',
    serviceKind: ({ value }) => `只能用于 --kind systemd、systemd-user 或 task，而不是 “${value}”`,
    shardsKind: ({ value }) =>
      `只能用于 --kind systemd、systemd-user、slurm 或 kubernetes，而不是 “${value}”`,
    serviceTimes: () => '不能与 --every、--at 同用：后台进程一直运行',
    atWithoutDaily: ({ value }) => `只能与 --every daily 一起使用，不能用于“${value}”`,
    badName: ({ value }) => `只能包含字母、数字、"_"、"." 和 "-"，最多 100 个字符，而不是“${value}”`,
    unschedulablePath: ({ value }) => `路径含有定时任务无法使用的字符：${value}`,
    variableInPath: ({ value }) =>
      `Windows 任务计划程序会把路径中的 %名称% 当作变量：${value}。请移动程序或重命名目录`,
    noLedgerOfTarget: ({ value, target }) => `${value} 不是 ${target} 的数据库`,
    noSuchFolder: ({ value }) => `目录 ${value} 不存在`,
    folderInUse: ({ value }) => `另一个 local-cos 正在使用 ${value}：请指定其他目录`,
    badMoment: ({ value }) =>
      `必须是 "2026-11-20T18:00" 这样的时间，或 "2h"、"3d" 这样的“多久以前”，而不是“${value}”`,
    atAndRun: () => '不能与 --at 同时使用：请只指定其中之一',
    notTogether: ({ value }) => `不能与 ${value} 同时使用：请只指定其中之一`,
    runOfOther: ({ value, target }) => `第 ${value} 次运行的同步目标是 ${target}：请指定本配置的运行`,
    noVersions: ({ bucket }) =>
      `存储桶 ${bucket} 未开启版本控制：被覆盖或删除的内容无法找回。请开启版本控制，以备今后使用`,
    ontoSynced: ({ value, folder }) =>
      `${value} 位于 local_path（${folder}）中或包含它，且 delete_sync 已开启：下次同步会把恢复出来的内容及删除操作同步到 COS。请恢复到其他目录，或加上 --yes`,
    ontoRunning: ({ value, folder }) =>
      `${value} 位于 local_path（${folder}）中或包含它，且有一个运行正在进行：请等待其结束，或加上 --yes`,
  },
  kinds: {
    transient: 'COS 或网络暂时出错；下次运行会重试',
    unreachable: '请检查网络、DNS、防火墙和代理',
    throttled: '请求过于频繁：请降低 thread_num',
    skew: '本机时间不准：请校准',
    refused: 'COS 拒绝了所有请求，原因见错误码；请检查存储桶、地域、endpoint 和密钥',
    unsupported: '该 endpoint 不支持这种请求：请检查 endpoint',
    denied: '没有权限：请检查该密钥和存储桶的策略',
    lost: 'COS 上未完成的上传已不存在；下次运行会重新开始',
    stale: 'COS 上的对象与记录不一致',
    thisFile: 'COS 拒绝了该请求，原因见错误码（参见 COS 文档“错误码”）',
    changed: '读取时文件一直在变化；下次运行会重试',
    local: '文件无法读取',
    defect: 'cos_sync 自身的缺陷，详见日志：请反馈',
    stopped: '运行在此之前已停止',
  },
  needs: action => `需要 ${action}`,
  failures: failuresZh,
  held: {
    emptied: count =>
      `暂不删除 ${count} 项：扫描没有找到任何文件。如果 local_path 确实已清空，请用 --allow-empty 运行一次`,
    maxDelete: (count, limit) =>
      `暂不删除 ${count} 项：超过 max_delete 允许的数量（${limit}）。如果确认无误，请用 --max-delete 100% 运行一次`,
    otherDisk: (count, _, place) =>
      `暂不删除 ${count} 项：${place} 所在的文件系统与上次运行时不同。磁盘是否已挂载？如果确认无误，请用 --other-disk 运行一次`,
    unreadable: (count, _, place) =>
      `暂不删除 ${count} 项：它们所在的 ${place} 无法读取。请使其可读，或用 exclude 排除`,
    notAFile: (count, _, place) =>
      `暂不删除 ${count} 项：${place} 存在，但不是可以同步的文件或目录。移走它后下次运行会删除，或用 exclude 排除`,
    unknownPlace: (count, _, place) =>
      `暂不删除 ${count} 项：${place} 是新出现的且无法读取，这些可能就是移动到了那里。下次运行会删除；请使其可读，或用 exclude 排除`,
    movedDuringScan: (count, _, place) =>
      `暂不删除 ${count} 项：扫描期间它们所在的目录有变动（${place}）；下次运行会删除`,
    otherShard: (count, _, place) =>
      `暂不删除 ${count} 项：消失的文件可能已移到另一个分片（${place}）；下次运行会删除`,
    uploadFailed: (count, _, place) =>
      `暂不删除 ${count} 项：有同样大小的新文件未能上传，可能就是它们移动后的文件：${place}。请查看其失败原因`,
    stopped: count => `暂不删除 ${count} 项：运行已停止`,
  },
  stops: {
    localPathMissing: path =>
      `local_path ${path} 不存在：COS 上没有任何改动。磁盘是否已挂载？请检查 local_path`,
    localPathUnreadable: (path, code) =>
      `local_path ${path} 无法读取（${code}）：COS 上没有任何改动。请检查权限和磁盘`,
    ledgerDamaged: file => `本地数据库 ${file} 已损坏：没有任何改动。重建：${call('ledger rebuild')}`,
    ledgerPutAside: file =>
      `本地数据库已损坏，已另存为 ${file}：COS 上没有任何改动。重建：${call('ledger rebuild')}`,
    ledgerNewer: file => `本地数据库 ${file} 由更新版本的 cos_sync 写成：未做任何更改。请使用该版本`,
    ledgerOfOther: (file, about) =>
      `本地数据库 ${file} 属于 ${about}：未做任何更改。请将它移走，放回正确的数据库，或重建：${call('ledger rebuild')}`,
    ledgerUnusable: (file, reason) => `本地数据库 ${file} 无法使用（${reason}）：请检查 db/ 的剩余空间和权限`,
    daemonRunning: pid =>
      `该配置的后台进程已在运行${pid === undefined ? '' : `（进程 ${pid}）`}：请先结束它；只想在旁边运行一次：${call('sync --daemon-mode 0')}`,
    locked: (pid, host) =>
      `另一个运行正在进行${pid === undefined ? '' : `（主机 ${host} 上的进程 ${pid}）`}：请等待其结束`,
    cosRefused: (code, message) => `COS 拒绝：${code}：${message}`,
    listingCut: (code, message) =>
      `COS 未能列出全部对象：code: ${code}, ${message}。已列出的都已处理，其余请再次恢复`,
    connectionLost: (code, message) => `无法连接 COS：code: ${code}, ${message}`,
    interrupted: signal => `被 ${signal} 中断：已完成的都已记录，下次运行会继续`,
    diskTooSmall: (folder, { needed, free, isBegun }) =>
      isBegun
        ? `${folder} 开始时剩余空间 ${free}，至少需要 ${needed}：请清理空间后再次恢复，将从中断处继续`
        : `${folder} 剩余空间 ${free}，需要 ${needed}：未写入任何内容。请清理空间，或恢复到其他磁盘`,
    diskFull: (folder, code) => `${folder} 无法继续写入（${code}）：请清理空间后再次恢复，将从中断处继续`,
    portInUse: port => `端口 ${port} 已被占用：请用 --port 指定另一个`,
    unexpected: message => `意外错误：${message}。详见 log/cos_sync.log，请反馈`,
  },
  warnings: {
    keyTwice: (key, line) => `配置：“${key}”写了多次且值不同：以最后一个为准（第 ${line} 行）`,
    unknownKey: (key, nearest) =>
      `配置：未知的配置项“${key}”已忽略${nearest ? `；您是否想写“${nearest}”？` : ''}`,
    thresholdCut: most =>
      `multipart_threshold：超过 ${most} MiB 的文件仍会分块上传，因为整体上传的内容都在内存中`,
    olderLedger: (file, leftBy, lastRun) =>
      `${file} 是第 ${leftBy} 次运行结束时的状态，而之后还有第 ${lastRun} 次运行：数据库已被恢复为旧版本，其中没有此后上传的记录。请与 COS 核对：${call('verify')}`,
    cutLedger: (file, lastRun) =>
      `${file} 比第 ${lastRun} 次运行结束时短：末尾已丢失，其中没有最近上传的记录。请与 COS 核对：${call('verify')}`,
    watchWithoutDaemon: '配置：未启用 daemon_mode 时 watch 不起作用，本次只运行一次',
    otherLedger: (file, { localPath, place, shard }) =>
      `db/ 中已有同一存储桶和 cos_path 的数据库，属于 ${localPath}（${place}）。如果这里就是移动后的那个目录，请接管其记录以免重新上传：${call(`ledger adopt${shard ? ` --shard ${shard}` : ''} --from ${file}`)}`,
    ledgerWithin: (folder, file, { localPath, prefix }) =>
      `${folder} 与 ${localPath}（同步到 ${prefix}）对应相同的对象：两者会互相覆盖和删除对方上传的内容。请为其中之一换一个 cos_path，或在此处用 exclude 排除 "${folder}"；若 ${localPath} 已不再同步，请将 ${file} 移出 db/`,
    configReadableByOthers: file => `${file} 含有密钥，且其他用户可读：请执行 chmod 600 ${file}`,
    configRefused: message => `修改后的配置有误，继续使用原配置：${message}`,
    configReread: file => `${file} 已修改，已重新读取`,
    skipped: (path, reason) => `已跳过 ${path}：${reason}`,
    grew: path => `${path} 一直在增长：打开时已有的内容已上传到 COS，下次运行再上传届时的内容`,
    outputUnwritable: reason => `无法写入标准输出（${reason}）：工作继续进行，详见 log/cos_sync.log`,
    noCurrentFolder: '当前目录已被删除：请先用 cd 进入一个存在的目录',
    logUnwritable: (file, reason) => `${file} 无法写入（${reason}）：本次运行不记录日志`,
    daemonRunFailed: message => `本次运行失败，之后会再次运行：${message}`,
    fileUnwritable: (file, reason) =>
      reason === 'EISDIR'
        ? `${file} 是目录，没有写入：请写其中的文件名`
        : `${file} 无法写入（${reason}）：请检查所在目录和权限`,
    patternIsList: (key, pattern, list) =>
      `${key}：“${pattern}”是一个模式：逗号只在 {} 中起分隔作用。多个模式请写成 ${list}`,
    patternUnmatched: (key, pattern, list) =>
      `${key}：“${pattern}”没有匹配任何文件或目录${list === undefined ? '' : `：逗号只在 {} 中起分隔作用。多个模式请写成 ${list}`}`,
    includeLeavesNoFile: key => `${key}：没有文件匹配，没有任何文件参与同步`,
    hookFailed: (key, reason, output) => `${key} 失败：${reason}${output && `：${output}`}`,
  },
  hook: {
    exited: code => `退出码 ${code}`,
    killed: signal => `被 ${signal} 终止`,
    timedOut: seconds => `${seconds} 秒内未结束，已强制终止`,
    notStarted: (program, code) =>
      `“${program}”无法启动（${code}）：请填写程序的路径，参数写成 ["程序", "参数"]`,
  },
  run: {
    dryRun: '试运行：不做任何改动',
    movedFrom: path => `移动自 ${path}`,
    would: 'plan',
    idle: (time, unchanged, seconds) => `${time}  无需操作，${unchanged} 个文件未变；${seconds} 秒后再次运行`,
    nextRunIn: seconds => `${seconds} 秒后再次运行`,
    daemonOff: 'daemon_mode 现为 0：不再运行',
    andMore: count => `… 另有 ${count} 项`,
  },
  demo: {
    intro: (folder, server) => `示例目录：   ${folder}\n本机的 COS：${server}`,
    firstRun: '1. 第一次运行，上传全部文件：',
    changed: (added, edited, removed, from, to) =>
      `然后：新增 ${added}，修改 ${edited}，删除 ${removed}，目录 ${from} 改名为 ${to}。`,
    secondRun: '2. 第二次运行，使 COS 与目录一致；移动的文件在 COS 内复制，不再上传：',
    thirdRun: '3. 第三次运行，没有变化，不向 COS 发送任何请求：',
    restore: folder => `4. 再恢复到 ${folder}：`,
    compared: (equal, different) =>
      different === 0
        ? `已恢复 ${equal} 个文件，内容和修改时间均与原文件一致。`
        : `已恢复 ${equal} 个文件与原文件一致，${different} 个不一致。`,
    watch: '5. 使用 watch 时，目录一静止，变化就同步到 COS：',
    where: (objects, ledger, log) =>
      `您可以查看：\n  对象        ${objects}\n  本地数据库  ${ledger}\n  日志        ${log}`,
    next: `同步到自己的存储桶：${call('init')}`,
  },
  localCos: {
    listening: (url, folder) => `仅供本机使用的 COS 正在监听 ${url}，对象保存在 ${folder}`,
    configure: '在 conf/config.json 中填写：',
    keysGiven: 'secret_id 和 secret_key 即 COS_SECRET_ID 和 COS_SECRET_KEY。',
    stop: '按 Ctrl-C 结束。',
  },
  progress: progressZh,
  history: historyZh,
  explain: explainZh,
  init: initZh(call),
  verify: verifyZh(call),
  ledger: ledgerZh(call),
  doctor: doctorZh(call),
  restore: restoreZh(call),
  schedule: scheduleZh(call),
  shard: shardZh(call),
  watch: watchZh,
  status: statusZh,
  help: helpZh,
  keys: keysZh,
});
