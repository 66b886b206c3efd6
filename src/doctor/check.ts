/** What doctor looks at, in the order it does. */
export type CheckName =
  | 'config'
  | 'folder'
  | 'ledger'
  | 'disk'
  | 'keys'
  | 'proxy'
  | 'dns'
  | 'connection'
  | 'tls'
  | 'clock'
  | 'credentials'
  | 'bucket'
  | 'write'
  | 'speed'
  | 'parts'
  | 'copy'
  | 'delete'
  | 'versions';

/** One line of doctor's answer. `skip`: not checked, because an earlier check failed or it does not apply. */
export interface Check {
  name: CheckName;
  status: 'ok' | 'warn' | 'fail' | 'skip';
  /** What was found, and what to do about it. */
  message: string;
}

/** Several checks hang on one another: those that follow a failure are not made. */
export function notChecked(names: readonly CheckName[], message: string): Check[] {
  return names.map(name => ({ name, status: 'skip', message }));
}

/** What is asked of the bucket once the credentials are known to be right. */
export const OF_BUCKET: readonly CheckName[] = [
  'bucket',
  'write',
  'speed',
  'parts',
  'copy',
  'delete',
  'versions',
];
