import { cac } from 'cac';
import { COMMANDS, type Command } from './commands.ts';
import type { Given } from './parse.ts';

/**
 * Runs the command that was typed. cac matches and runs it; the reading of options is parse.ts's, since cac takes
 * `--dry-run 1` for a flag and an argument, and `007` for a number.
 * @param start what each command does; answers the exit code
 */
export async function runCommand(
  given: Given,
  start: (name: Command['name']) => Promise<number>,
): Promise<number> {
  const cli = cac('cos_sync');
  for (const { name } of COMMANDS) cli.command(`${name} [...arguments]`).action(() => start(name));
  cli.parse(['', 'cos_sync', given.command], { run: false });
  return cli.runMatchedCommand();
}
