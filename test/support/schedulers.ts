import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Programs that stand in for the system's schedulers: they write down how they were called. */
export interface Schedulers {
  /** What makes a child process find them, and keeps it out of the user's own configuration. */
  env: NodeJS.ProcessEnv;
  /** Where a user's units go. */
  unitFolder: string;
  /** How each was called so far, a line each. */
  calls(): string[];
  /** The user's crontab; undefined where there is none. */
  crontab(): string | undefined;
  setCrontab(text: string): void;
  /** From now on each call fails with this message; undefined: none does. */
  failWith(message: string): void;
}

const PROGRAMS: Readonly<Record<string, string>> = {
  crontab: `if [ "$1" = - ]; then cat >tab; elif [ -f tab ]; then cat tab; else echo "no crontab for user" >&2; exit 1; fi`,
  systemctl: '',
  schtasks: '',
};

/** @param folder where they are made */
export function standInSchedulers(folder: string): Schedulers {
  const at = (name: string) => join(folder, name);
  mkdirSync(folder, { recursive: true });
  for (const [name, body] of Object.entries(PROGRAMS)) {
    const script = [
      '#!/bin/sh',
      `cd "$(dirname "$0")"`,
      `echo ${name} "$@" >>calls`,
      'if [ -f message ]; then cat message >&2; exit 1; fi',
      body,
    ];
    writeFileSync(at(name), `${script.join('\n')}\n`, { mode: 0o755 });
  }
  const read = (name: string) => (existsSync(at(name)) ? readFileSync(at(name), 'utf8') : undefined);
  return {
    env: { PATH: `${folder}${delimiter}${process.env.PATH}`, XDG_CONFIG_HOME: at('config') },
    unitFolder: join(at('config'), 'systemd', 'user'),
    calls: () => (read('calls') ?? '').split('\n').slice(0, -1),
    crontab: () => read('tab'),
    setCrontab: text => writeFileSync(at('tab'), text),
    failWith: message => writeFileSync(at('message'), message),
  };
}
