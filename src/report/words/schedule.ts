import type { ScheduleProblem } from '../../schedule/errors.ts';
import { timeOfDay } from '../../schedule/interval.ts';
import type { Daemon, Job } from '../../schedule/job.ts';
import type { Kind } from '../../schedule/kind.ts';
import type { Call } from './call.ts';

/** What `cos_sync schedule` says. */
export interface ScheduleWords {
  /** The headings of `print`. */
  write(path: string, encoding: string): string;
  delete(path: string): string;
  run: string;
  crontab: string;
  installed(kind: Kind, name: string, interval: (Job | Daemon)['interval'], look: readonly string[]): string;
  removed(kind: Kind, name: string): string;
  nothingToRemove(kind: Kind, name: string): string;
  advice: {
    daemonMode(configFile: string): string;
    /** The faults follow. */
    configFaulty: string;
    cronOverlap: string;
    taskReach: string;
    linger: string;
  };
  failed: Record<ScheduleProblem, (subject: string, reason: string) => string>;
}

export const scheduleEn = (call: Call): ScheduleWords => ({
  write: (path, encoding) => `file ${path} (${encoding}):`,
  delete: path => `delete ${path}`,
  run: 'run:',
  crontab: 'a line of the crontab (crontab -l, changed, into crontab -):',
  installed: (kind, name, interval, look) =>
    `installed: ${name} (${kind}), ${whenEn(interval)}\nsee: ${look.join('; ')}\nto remove it: ${call(`schedule remove --kind ${kind} --name ${name}`)}`,
  removed: (kind, name) => `removed: ${name} (${kind})`,
  nothingToRemove: (kind, name) => `nothing to remove: there is no ${name} (${kind})`,
  advice: {
    daemonMode: configFile =>
      `daemon_mode is 1 in ${configFile}: the first scheduled run would never end. Set it to 0, or install the daemon itself with --service`,
    configFaulty:
      "scheduled runs read only the configuration file (not this shell's environment), and will fail until this is fixed:",
    cronOverlap:
      'a run that starts while another is still under way ends at once with exit code 3; cron mails only other failures',
    taskReach:
      'the task runs as you, logged on or not, without your password: it cannot read network shares or files encrypted by EFS',
    linger:
      'it stops when you log out; "sudo loginctl enable-linger $USER" keeps it running, or install with sudo and --kind systemd',
  },
  failed: {
    toolFailed: (command, message) =>
      `${command} failed: ${message}. Where permission is missing: run this with sudo, or on Windows as administrator; where that service does not run: choose another with --kind`,
    toolMissing: program => `${program} is not on this system: choose another with --kind`,
    fileRefused: (path, code) =>
      `${path} cannot be changed (${code}): run this with sudo or as administrator, or choose another --kind`,
    noHome: () => 'this user has no home folder: set HOME, or choose another --kind',
    foreignFile: path =>
      `${path} was not made by "cos_sync schedule" and is left as it is: choose another --name`,
  },
});

export const scheduleZh = (call: Call): ScheduleWords => ({
  write: (path, encoding) => `文件 ${path}（${encoding}）：`,
  delete: path => `删除 ${path}`,
  run: '执行：',
  crontab: 'crontab 中的一行（读取 crontab -l，修改后写入 crontab -）：',
  installed: (kind, name, interval, look) =>
    `已安装：${name}（${kind}），${whenZh(interval)}\n查看：${look.join('；')}\n删除：${call(`schedule remove --kind ${kind} --name ${name}`)}`,
  removed: (kind, name) => `已删除：${name}（${kind}）`,
  nothingToRemove: (kind, name) => `没有可删除的内容：不存在 ${name}（${kind}）`,
  advice: {
    daemonMode: configFile =>
      `${configFile} 中的 daemon_mode 为 1：第一次定时运行将永不结束。请将其设为 0，或者用 --service 安装后台进程本身`,
    configFaulty: '定时运行只读取配置文件（不会读取当前终端的环境变量），在以下问题解决之前会一直失败：',
    cronOverlap: '如果上一次运行尚未结束，新的运行会立即以退出码 3 结束；除此之外的失败 cron 才会发邮件',
    taskReach: '任务以您的身份运行，无论您是否登录，且不保存密码：因此无法读取网络共享和 EFS 加密的文件',
    linger:
      '您退出登录后它会停止；执行 “sudo loginctl enable-linger $USER” 可使其继续运行，或用 sudo 和 --kind systemd 安装',
  },
  failed: {
    toolFailed: (command, message) =>
      `${command} 失败：${message}。如果是权限不足：请用 sudo 运行，在 Windows 上请以管理员身份运行；如果该服务没有运行：请用 --kind 选择其他方式`,
    toolMissing: program => `本系统没有 ${program}：请用 --kind 选择其他方式`,
    fileRefused: (path, code) =>
      `${path} 无法修改（${code}）：请用 sudo 或以管理员身份运行，或用 --kind 选择其他方式`,
    noHome: () => '该用户没有主目录：请设置 HOME，或用 --kind 选择其他方式',
    foreignFile: path => `${path} 不是由 “cos_sync schedule” 创建的，保持原样：请用 --name 换一个名称`,
  },
});

function whenEn(interval: (Job | Daemon)['interval']): string {
  if (interval === 'boot') return 'started now, with the machine, and again when it fails';
  if (interval.unit === 'daily') return `daily at ${timeOfDay(interval)}`;
  const unit = interval.unit === 'hours' ? 'hour' : 'minute';
  return interval.count === 1 ? `every ${unit}` : `every ${interval.count} ${unit}s`;
}

function whenZh(interval: (Job | Daemon)['interval']): string {
  if (interval === 'boot') return '现已启动，今后随系统启动，失败后自动重启';
  if (interval.unit === 'daily') return `每天 ${timeOfDay(interval)}`;
  return `每 ${interval.count} ${interval.unit === 'hours' ? '小时' : '分钟'}`;
}
