import type { Statistics } from '../engine/statistics.ts';
import { VERSION } from '../version.ts';
import type { Summary } from './summary.ts';

/** What a daemon counts besides its runs. */
export interface DaemonNumbers {
  /** Folders in which something changed, and that are not looked at yet. */
  waiting: number;
  full_scan_reasons: Readonly<Record<string, number>>;
}

type Labels = Readonly<Record<string, string>>;

/**
 * The last run's numbers in Prometheus' text format, for node_exporter's textfile collector.
 * All are gauges: each run replaces the numbers of the one before.
 * @param lastSuccess when a run of this ledger last ended with exit code 0
 * @param daemon of the daemon whose run it was
 */
export function metricsText(summary: Summary, lastSuccess: Date | undefined, daemon?: DaemonNumbers): string {
  const { statistics, startTime, endTime, exitCode, deletesHeld, localPath, target, shard } = summary;
  const job = { local_path: localPath, target, ...(shard && { shard }) };
  const lines: string[] = [];

  function metric(name: string, help: string, samples: readonly (readonly [Labels, number])[]): void {
    lines.push(`# HELP cos_sync_${name} ${help}`, `# TYPE cos_sync_${name} gauge`);
    for (const [labels, value] of samples) lines.push(`cos_sync_${name}${labelsText(labels)} ${value}`);
  }
  const one = (name: string, help: string, value: number) => metric(name, help, [[job, value]]);

  metric('build_info', 'The version that wrote this file.', [[{ ...job, version: VERSION }, 1]]);
  one('run_start_time_seconds', 'When the last run began, in seconds since 1970.', seconds(startTime));
  one('run_end_time_seconds', 'When the last run ended, in seconds since 1970.', seconds(endTime));
  one('run_duration_seconds', 'How long the last run took.', seconds(endTime) - seconds(startTime));
  one('run_exit_code', 'The exit code of the last run.', exitCode);
  one('run_success', '1 where the last run ended with exit code 0, else 0.', exitCode === 0 ? 1 : 0);
  if (lastSuccess) {
    const help = 'When a run last ended with exit code 0, in seconds since 1970.';
    one('last_success_time_seconds', help, seconds(lastSuccess));
    const age = 'How long ago that was at the end of the last run.';
    one('seconds_since_last_success', age, seconds(endTime) - seconds(lastSuccess));
  }
  metric('operations', 'Operations of the last run.', operations(statistics, job));
  one('unchanged_files', 'Files that the last run found as recorded.', statistics.upload_file_skip);
  one('uploaded_bytes', 'File bytes that COS confirmed in the last run.', statistics.upload_bytes);
  one('deletes_held', 'Deletions that the last run held back.', deletesHeld);
  if (daemon) {
    one('changes_waiting', 'Folders that changed and wait to be looked at.', daemon.waiting);
    const reasons = Object.entries(daemon.full_scan_reasons);
    const samples = reasons.map(([reason, count]): [Labels, number] => [{ ...job, reason }, count]);
    metric('full_scans', 'Full scans since the daemon started, by what led to them.', samples);
  }
  return `${lines.join('\n')}\n`;
}

function operations(statistics: Statistics, job: Labels): [Labels, number][] {
  return Object.entries(statistics).flatMap(([name, count]): [Labels, number][] => {
    const [, operation, result] = /^(.+)_(ok|fail)$/.exec(name) ?? [];
    return operation && result ? [[{ ...job, operation, result }, count]] : [];
  });
}

function seconds(time: Date): number {
  return time.getTime() / 1000;
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', '\n': '\\n' };

function labelsText(labels: Labels): string {
  const pairs = Object.entries(labels).map(
    ([name, value]) => `${name}="${value.replace(/[\\"\n]/g, char => ESCAPES[char] ?? char)}"`,
  );
  return `{${pairs.join(',')}}`;
}
