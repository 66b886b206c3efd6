import { nearest } from '../config/nearest.ts';
import { SECRET_KEYS } from '../config/schema.ts';
import { COMMANDS, type Form, type Option } from './commands.ts';

/** What other programs call these. */
const CUSTOMARY: Readonly<Record<string, string>> = {
  '-n': '--dry-run',
  '-c': '--config',
  '-f': '--config',
  '-j': '--json',
  '-q': '--quiet',
  '-y': '--yes',
  '-V': '--version',
  '-?': '--help',
  '/?': '--help',
};

/** The nearest option, as it would be typed; empty where none is near. */
export function nearestOption(written: string, options: readonly Option[]): string {
  const customary = CUSTOMARY[written];
  if (customary !== undefined && options.some(({ name }) => `--${name}` === customary)) return customary;
  const bare = plain(written);
  const positive = bare.replace(/^no-/, '');
  const found = nearest(
    positive,
    options.map(({ name }) => name),
  );
  if (found === undefined) return '';
  const isFlag = options.some(({ name, kind }) => name === found && kind === 'flag');
  return isFlag && positive !== bare ? `--no-${found}` : `--${found}`;
}

/** The nearest command, or action of a command; empty where none is near. */
export function nearestCommand(written: string, forms: readonly Form[] = COMMANDS, command?: Form): string {
  const name = nearest(
    plain(written),
    forms.map(one => one.name),
  );
  return command && name ? `${command.name} ${name}` : (name ?? '');
}

/** Whether an option would give a secret. */
export function secretNamed(written: string): boolean {
  const bare = plain(written).replaceAll('-', '');
  return SECRET_KEYS.some(key => key.replaceAll('_', '') === bare);
}

/** `--THREAD_num` and `—threadNum` → `thread-num`; word processors make one long dash of two hyphens. */
function plain(written: string): string {
  return written
    .replace(/^[-–—/]+/, '')
    .replace(/([a-z])([A-Z])/g, '$1-$2')
    .replaceAll('_', '-')
    .toLowerCase();
}
