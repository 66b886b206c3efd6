import { basename, dirname, join, resolve } from 'node:path';
import { isSea } from 'node:sea';
import { type Home, homeAt } from '../config/home.ts';
import type { Call } from '../report/words/call.ts';
import { COMMANDS, type Form } from './commands.ts';

/**
 * What a user types in this folder to run a command of the program, with what tells it its home, configuration and
 * shard where the command reads them.
 * @param shard as it was given on the command line
 */
export function callIn({ root, configFile }: Home, shard?: string): Call {
  const isElsewhere = root !== homeAt(undefined, process.env).root;
  const hasOtherConfig = configFile !== join(root, 'conf', 'config.json');
  return command => {
    const { reads, takesKeys, name } = formOf(command);
    const isOfShard = shard !== undefined && takesKeys && name !== 'init' && !command.includes(' --shard ');
    const options = [
      ...(isElsewhere && reads !== 'nothing' ? ['--home', root] : []),
      ...(hasOtherConfig && reads === 'config' ? ['--config', configFile] : []),
      ...(isOfShard ? ['--shard', shard] : []),
    ];
    return `${[...program(), ...options].map(quoted).join(' ')} ${command}`;
  };
}

function formOf(call: string): Form {
  const [name, actionName] = call.split(' ');
  const command = COMMANDS.find(known => known.name === name);
  const action = command?.actions?.find(known => known.name === actionName);
  return action ?? command ?? { name: '', reads: 'nothing' };
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
