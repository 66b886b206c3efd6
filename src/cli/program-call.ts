import { basename, dirname, join, resolve } from 'node:path';
import { isSea } from 'node:sea';
import { type Home, homeAt } from '../config/home.ts';

/** What a user types in this folder to call the program again, with what tells it its home and configuration. */
export function programCall({ root, configFile }: Home): string {
  const isElsewhere = root !== homeAt(undefined, process.env).root;
  const hasOtherConfig = configFile !== join(root, 'conf', 'config.json');
  const options = [
    ...(isElsewhere ? ['--home', root] : []),
    ...(hasOtherConfig ? ['--config', configFile] : []),
  ];
  return [...program(), ...options].map(quoted).join(' ');
}

function program(): string[] {
  if (!isSea()) return ['node', resolve(process.argv[1] ?? '')];
  const { execPath } = process;
  if (dirname(execPath) !== process.cwd()) return [execPath];
  return [process.platform === 'win32' ? `.\\${basename(execPath)}` : `./${basename(execPath)}`];
}

/** As a shell takes it for one word. */
function quoted(word: string): string {
  if (/^[\w@%+=:,./\\~-]+$/.test(word)) return word;
  return process.platform === 'win32' ? `"${word}"` : `'${word.replaceAll("'", `'\\''`)}'`;
}
