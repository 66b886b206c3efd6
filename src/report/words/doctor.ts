import { asLocalTime } from '../units.ts';
import type { Call } from './call.ts';
import { counted } from './counted.ts';

/** What `cos_sync doctor` says. */
export interface DoctorWords {
  configOk(file: string): string;
  noConfigFile(file: string): string;
  needsEarlier: string;
  needsConfig: string;
  folder(path: string, files: number, size: string): string;
  folderEmpty(path: string): string;
  folderFaults(path: string, files: number, unreadable: number, badNames: number): string;
  folderUnusable(path: string, code: string): string;
  ledger(file: string, records: number, size: string, written: string, pending: number): string;
  noLedger(file: string): string;
  ledgerLocked(records: number): string;
  ledgerDamaged(file: string): string;
  ledgerUnusable(file: string, reason: string): string;
  notWritable(folder: string): string;
  space(free: string): string;
  littleSpace(free: string): string;
  proxy(url: string, source: string): string;
  noProxy(host: string, source: string): string;
  throughProxy: string;
  isAddress(host: string): string;
  dns(host: string, addresses: string, isPrivate: boolean): string;
  dnsFailed(host: string, code: string): string;
  connected(host: string, port: number, ms: number): string;
  connectionFailed(host: string, port: number, code: string): string;
  /** @param because what makes it http: that is to be changed */
  noTls(because: 'endpoint' | 'enable_https'): string;
  /** http to this machine itself. */
  noTlsNeeded: string;
  tls(subject: string, days: number): string;
  tlsEndsSoon(subject: string, days: number): string;
  tlsFailed(code: string): string;
  noTlsThere(code: string): string;
  clock(seconds: number): string;
  clockOff(seconds: number): string;
  noDate: string;
  noAnswer(code: string): string;
  keysFrom(
    source: 'config' | 'environment' | 'cvm_role' | 'tke' | 'command',
    role: string | undefined,
  ): string;
  /** What follows: whether they are temporary, and how long they last. */
  keysLast(isTemporary: boolean, until: Date | undefined): string;
  listed(bucket: string, prefix: string): string;
  listDenied(said: string): string;
  wrongRegion(bucket: string, configured: string, actual: string): string;
  bucketKind(isMaz: boolean, isOfs: boolean): string;
  classMismatch(storageClass: string, isMaz: boolean): string;
  written: string;
  speed(rate: string): string;
  parts: string;
  noParts(said: string): string;
  noAbort(said: string): string;
  copied: string;
  noCopy(said: string): string;
  deleted: string;
  noDeletion: string;
  versionsStay: string;
  versions(state: 'Enabled' | 'Suspended' | 'off'): string;
  versionsUnknown(said: string): string;
  probeLeft(key: string, said: string): string;
  onlyProbeLeft(key: string, said: string): string;
  /** @param warnings how many lines are warnings */
  allRight(warnings: number): string;
  faulty(count: number): string;
}

export const doctorEn = (call: Call): DoctorWords => ({
  configOk: file => `${file} is complete`,
  noConfigFile: file => `there is no ${file}, and options and environment give all that is needed`,
  needsEarlier: 'not checked: fix what failed above first',
  needsConfig: 'not checked: fix the configuration first',
  folder: (path, files, size) => `${path} has ${counted(files, 'file')}, ${size}`,
  folderEmpty: path => `${path} has no file: is the disk mounted, do include and exclude leave any?`,
  folderFaults: (path, files, unreadable, badNames) =>
    `${path} has ${counted(files, 'file')}; ${counted(unreadable, 'entry', 'entries')} cannot be read, ${counted(badNames, 'name')} cannot be keys. To see them: ${call('sync --dry-run')}`,
  folderUnusable: (path, code) =>
    `${path} cannot be read (${code}): check that it exists and its permissions`,
  ledger: (file, records, size, written, pending) =>
    `${file} is whole: ${counted(records, 'record')}, ${size}, written ${written}${pending > 0 ? `, ${counted(pending, 'unfinished upload')}` : ''}`,
  noLedger: file => `${file} is not there yet: the first run uploads everything`,
  ledgerLocked: records => `a run is under way; ${counted(records, 'record')}`,
  ledgerDamaged: file => `damaged: ${file}. To make a new one: ${call('ledger rebuild')}`,
  ledgerUnusable: (file, reason) => `${file} cannot be used: ${reason}`,
  notWritable: folder => `${folder} cannot be written: check its permissions, or use --home`,
  space: free => `db/ and log/ can be written, ${free} free`,
  littleSpace: free => `only ${free} are free for db/ and log/: make room`,
  proxy: (url, source) => `requests go through ${url} (from ${source})`,
  noProxy: (host, source) => `requests go to ${host} directly: NO_PROXY has it, ${source} is not followed`,
  throughProxy: 'not checked: requests go through the proxy',
  isAddress: host => `${host} is an address`,
  dns: (host, addresses, isPrivate) => `${host} is ${addresses} (${isPrivate ? 'private' : 'public'})`,
  dnsFailed: (host, code) =>
    `${host} cannot be resolved (${code}): check bucket, region, endpoint and the DNS server`,
  connected: (host, port, ms) => `${host}:${port} answers in ${ms} ms`,
  connectionFailed: (host, port, code) =>
    `${host}:${port} cannot be reached (${code}): check network, firewall and proxy`,
  noTls: because =>
    `http: what is sent can be read on the way; ${because === 'endpoint' ? 'write https:// in endpoint' : 'set enable_https to "1"'} unless the network is yours`,
  noTlsNeeded: 'http, which does not leave this machine',
  tls: (subject, days) => `the certificate of ${subject} is trusted, for ${counted(days, 'more day')}`,
  tlsEndsSoon: (subject, days) =>
    `the certificate of ${subject} is trusted for ${counted(days, 'more day')} only: whoever runs the endpoint has to renew it`,
  tlsFailed: code =>
    `the certificate is not trusted (${code}): check the clock, and what inspects TLS on the way`,
  noTlsThere: code =>
    `the server there does not speak https (${code}): check the port of endpoint, or write http:// if the endpoint has no TLS`,
  clock: seconds => `this machine's clock differs from COS's by ${seconds} s`,
  clockOff: seconds =>
    `this machine's clock differs from COS's by ${seconds} s: set it, or COS refuses the signatures`,
  noDate: "COS gave no time to compare this machine's clock with",
  noAnswer: code => `no answer (${code}): is this a COS endpoint?`,
  keysFrom: (source, role) =>
    ({
      config: 'a key pair from the configuration file',
      environment: 'a key pair from the environment',
      cvm_role: `the CAM role ${role} of this machine`,
      tke: `the role ${role} of this pod`,
      command: 'what credentials_command prints',
    })[source],
  keysLast: (isTemporary, until) => {
    if (until) return `, good until ${asLocalTime(until)} and renewed before`;
    return isTemporary ? ', temporary, for a time that is not known' : '';
  },
  listed: (bucket, prefix) => `bucket ${bucket} can be listed under ${prefix === '' ? '/' : prefix}`,
  listDenied: said => `uploads may work, but verify and ledger rebuild need the permission to list: ${said}`,
  wrongRegion: (bucket, configured, actual) =>
    `bucket ${bucket} is in ${actual}, not in ${configured || 'the region asked'}: write "region": "${actual}"`,
  bucketKind: (isMaz, isOfs) =>
    `objects are kept in ${isMaz ? 'several zones (MAZ)' : 'one zone'}${isOfs ? ', with metadata acceleration (OFS): nothing is copied there, moved files are uploaded, and a file and a folder cannot have one name' : ''}`,
  classMismatch: (storageClass, isMaz) =>
    `storage_class ${storageClass} is of the other kind: write one ${isMaz ? 'that begins with MAZ_' : 'without MAZ_'}`,
  written: 'an object can be written, with the configured headers, class, ACL and encryption',
  speed: rate => `1 MiB went up at ${rate}, on one connection`,
  parts: 'an upload in parts can be begun and ended',
  noParts: said => `files above multipart_threshold cannot be uploaded: ${said}`,
  noAbort: said => `uploads that are broken off leave parts behind, which are billed: ${said}`,
  copied: 'an object can be copied, as moved files are',
  noCopy: said => `moved files are uploaded again, for objects cannot be copied: ${said}`,
  deleted: 'an object can be deleted',
  noDeletion: 'not needed: delete_sync is 0',
  versionsStay:
    'with delete_sync 1 what is deleted stays as a version, and is billed until a lifecycle rule removes it',
  versions: state =>
    state === 'Enabled'
      ? 'the bucket keeps versions: restore --at brings back what was overwritten or deleted'
      : state === 'Suspended'
        ? 'the bucket keeps the versions it has, and makes no new ones: versioning is suspended'
        : 'the bucket keeps no versions: what is overwritten or deleted there is gone (turn on versioning to change that)',
  versionsUnknown: said => `whether the bucket keeps versions could not be found out: ${said}`,
  onlyProbeLeft: (key, said) =>
    `the probe ${key} cannot be deleted: remove it by hand. delete_sync is 0, a sync does not need it: ${said}`,
  probeLeft: (key, said) =>
    `the probe ${key} cannot be deleted: remove it by hand; delete_sync cannot work: ${said}`,
  allRight: warnings =>
    warnings === 0 ? 'nothing is wrong' : `no check failed; ${counted(warnings, 'warning')}, see above`,
  faulty: count => `${counted(count, 'check')} failed`,
});

export const doctorZh = (call: Call): DoctorWords => ({
  configOk: file => `${file} 完整无误`,
  noConfigFile: file => `${file} 不存在，但选项和环境变量已给出全部所需的值`,
  needsEarlier: '未检查：请先解决上面的失败',
  needsConfig: '未检查：请先修正配置',
  folder: (path, files, size) => `${path} 有 ${files} 个文件，共 ${size}`,
  folderEmpty: path => `${path} 没有文件：磁盘是否已挂载？include 和 exclude 是否排除了全部？`,
  folderFaults: (path, files, unreadable, badNames) =>
    `${path} 有 ${files} 个文件；${unreadable} 项无法读取，${badNames} 个名称不能作为对象键。查看：${call('sync --dry-run')}`,
  folderUnusable: (path, code) => `${path} 无法读取（${code}）：请检查它是否存在以及权限`,
  ledger: (file, records, size, written, pending) =>
    `${file} 完好：${records} 条记录，${size}，写于 ${written}${pending > 0 ? `，${pending} 个未完成的上传` : ''}`,
  noLedger: file => `${file} 尚不存在：第一次运行会上传全部文件`,
  ledgerLocked: records => `有运行正在进行；${records} 条记录`,
  ledgerDamaged: file => `已损坏：${file}。重建：${call('ledger rebuild')}`,
  ledgerUnusable: (file, reason) => `${file} 无法使用：${reason}`,
  notWritable: folder => `${folder} 无法写入：请检查权限，或使用 --home`,
  space: free => `db/ 和 log/ 可以写入，剩余空间 ${free}`,
  littleSpace: free => `db/ 和 log/ 只剩 ${free}：请清理空间`,
  proxy: (url, source) => `请求经由 ${url}（来自 ${source}）`,
  noProxy: (host, source) => `请求直接发往 ${host}：它在 NO_PROXY 中，不使用 ${source}`,
  throughProxy: '未检查：请求经由代理',
  isAddress: host => `${host} 是 IP 地址`,
  dns: (host, addresses, isPrivate) => `${host} 解析为 ${addresses}（${isPrivate ? '内网' : '公网'}）`,
  dnsFailed: (host, code) => `${host} 无法解析（${code}）：请检查 bucket、region、endpoint 和 DNS 服务器`,
  connected: (host, port, ms) => `${host}:${port} 在 ${ms} 毫秒内应答`,
  connectionFailed: (host, port, code) => `${host}:${port} 无法连接（${code}）：请检查网络、防火墙和代理`,
  noTls: because =>
    `http：传输内容可能被窃听；除非在自己的网络内，请${because === 'endpoint' ? '在 endpoint 中写 https://' : '把 enable_https 设为 "1"'}`,
  noTlsNeeded: 'http，但不离开本机',
  tls: (subject, days) => `${subject} 的证书可信，还有 ${days} 天到期`,
  tlsEndsSoon: (subject, days) => `${subject} 的证书只剩 ${days} 天到期：请联系该地址的管理者更新证书`,
  tlsFailed: code => `证书不可信（${code}）：请检查本机时间，以及途中是否有设备拦截 TLS`,
  noTlsThere: code => `对方不是 https（${code}）：请检查 endpoint 的端口；如果没有 TLS，请写 http://`,
  clock: seconds => `本机时间与 COS 相差 ${seconds} 秒`,
  clockOff: seconds => `本机时间与 COS 相差 ${seconds} 秒：请校准，否则 COS 会拒绝签名`,
  noDate: 'COS 没有给出可供比较的时间',
  noAnswer: code => `没有应答（${code}）：这是 COS 的地址吗？`,
  keysFrom: (source, role) =>
    ({
      config: '配置文件中的密钥',
      environment: '环境变量中的密钥',
      cvm_role: `本机的 CAM 角色 ${role}`,
      tke: `该 Pod 的角色 ${role}`,
      command: 'credentials_command 输出的密钥',
    })[source],
  keysLast: (isTemporary, until) => {
    if (until) return `，有效期至 ${asLocalTime(until)}，到期前会更新`;
    return isTemporary ? '，临时密钥，有效期未知' : '';
  },
  listed: (bucket, prefix) => `存储桶 ${bucket} 的 ${prefix === '' ? '/' : prefix} 可以列出`,
  listDenied: said => `上传可能正常，但 verify 和 ledger rebuild 需要列出对象的权限：${said}`,
  wrongRegion: (bucket, configured, actual) =>
    `存储桶 ${bucket} 在 ${actual}，而不是 ${configured || '所请求的地域'}：请写 "region": "${actual}"`,
  bucketKind: (isMaz, isOfs) =>
    `存储桶为${isMaz ? '多 AZ' : '单 AZ'}${isOfs ? '，并启用了元数据加速（OFS）：不支持复制，移动的文件会重新上传，文件和目录不能同名' : ''}`,
  classMismatch: (storageClass, isMaz) =>
    `storage_class ${storageClass} 属于另一种：请使用${isMaz ? '以 MAZ_ 开头的' : '不带 MAZ_ 的'}存储类型`,
  written: '可以写入对象，含配置的请求头、存储类型、ACL 和加密',
  speed: rate => `单个连接上传 1 MiB 的速度为 ${rate}`,
  parts: '可以开始和终止分块上传',
  noParts: said => `大于 multipart_threshold 的文件无法上传：${said}`,
  noAbort: said => `中断的上传会留下分块并产生费用：${said}`,
  copied: '可以复制对象（移动的文件会用到）',
  noCopy: said => `对象无法复制，移动的文件会重新上传：${said}`,
  deleted: '可以删除对象',
  noDeletion: '不需要：delete_sync 为 0',
  versionsStay: 'delete_sync 为 1 时，删除的对象会作为历史版本保留并计费，直到生命周期规则将其清除',
  versions: state =>
    state === 'Enabled'
      ? '存储桶已开启版本控制：restore --at 可以找回被覆盖或删除的内容'
      : state === 'Suspended'
        ? '存储桶的版本控制已暂停：保留已有的版本，不再产生新的版本'
        : '存储桶未开启版本控制：被覆盖或删除的内容无法找回（可开启版本控制）',
  versionsUnknown: said => `无法得知存储桶是否开启了版本控制：${said}`,
  onlyProbeLeft: (key, said) =>
    `探测对象 ${key} 无法删除：请手工删除。delete_sync 为 0，同步不需要此权限：${said}`,
  probeLeft: (key, said) => `探测对象 ${key} 无法删除：请手工删除；delete_sync 将不起作用：${said}`,
  allRight: warnings => (warnings === 0 ? '没有发现问题' : `没有检查失败；有 ${warnings} 条警告，见上`),
  faulty: count => `${count} 项检查失败`,
});
