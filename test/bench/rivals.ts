import { spawnSync } from 'node:child_process';
import type { Command } from './measure.ts';

/** What a user would take instead, where it is installed. */
export function isInstalled(program: string): boolean {
  return spawnSync('which', [program]).status === 0;
}

/** What lists as much of each file as a sync must know. */
export function find(folder: string): Command {
  return { file: 'find', args: [folder, '-printf', '%s %T@ %p\\n'], quiet: true };
}

/** rclone's S3 against the same server, without requests that the work does not need. */
export function rclone(url: string, from: string, to: string, { transfers }: { transfers: number }): Command {
  const options =
    `provider=Other,endpoint='${url}',access_key_id=bench,secret_access_key=bench,` +
    'force_path_style=true,no_check_bucket=true,no_head=true';
  const { AWS_CA_BUNDLE: _, ...env } = process.env;
  return {
    file: 'rclone',
    args: [
      ...['--config', '/dev/null', 'copy', from, `:s3,${options}:bench/${to}`],
      ...['--transfers', String(transfers), '--s3-upload-concurrency', String(transfers)],
      ...['--s3-chunk-size', '8Mi', '--s3-upload-cutoff', '16Mi'],
      ...['--fast-list', '--ignore-times', '--retries', '1'],
    ],
    env,
  };
}

/** The fewest requests that rclone can do with: it takes the bucket's word for times, and asks for no object. */
export function rcloneNoOp(url: string, from: string): Command {
  const options =
    `provider=Other,endpoint='${url}',access_key_id=bench,secret_access_key=bench,` +
    'force_path_style=true,no_check_bucket=true,no_head=true';
  const { AWS_CA_BUNDLE: _, ...env } = process.env;
  return {
    file: 'rclone',
    args: [
      ...['--config', '/dev/null', 'copy', from, `:s3,${options}:bench/listed`],
      ...['--checkers', '16', '--fast-list', '--update', '--use-server-modtime', '--retries', '1'],
    ],
    env,
  };
}

/** rclone copying back; its times are those of the uploads, so that it need not ask for each file's own. */
export function rcloneBack(url: string, to: string, { transfers }: { transfers: number }): Command {
  const options =
    `provider=Other,endpoint='${url}',access_key_id=bench,secret_access_key=bench,` +
    'force_path_style=true,no_check_bucket=true,no_head_object=true';
  const { AWS_CA_BUNDLE: _, ...env } = process.env;
  return {
    file: 'rclone',
    args: [
      ...['--config', '/dev/null', 'copy', `:s3,${options}:bench/stock`, to],
      ...['--transfers', String(transfers), '--multi-thread-streams', String(transfers)],
      ...['--multi-thread-chunk-size', '8Mi', '--use-server-modtime', '--fast-list', '--retries', '1'],
    ],
    env,
  };
}

/** The least that sending one file costs. */
export function curl(url: string, file: string): Command {
  return { file: 'curl', args: ['-sS', '-o', '/dev/null', '-T', file, `${url}/large-by-curl`] };
}
