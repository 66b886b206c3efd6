import { homedir } from 'node:os';
import { type ConfigError, usageFault } from '../config/faults.ts';
import { ALL_OPTIONS, COMMANDS, type Command, type Form, type Option, optionsOf } from './commands.ts';
import { nearestCommand, nearestOption, secretNamed } from './nearest.ts';

/** What was typed, read as the command it asks for. */
export interface Given {
  command: Command['name'];
  action: string | undefined;
  arguments: readonly string[];
  /** Flags that were given, by name. */
  flags: Readonly<Record<string, boolean>>;
  /** The value of each option that has one. */
  texts: Readonly<Record<string, string>>;
  /** All values of each option that may have several. */
  lists: Readonly<Record<string, readonly string[]>>;
}

/** One thing typed: an option with its value, or a word by itself. */
type Token = { written: string; option: Option; isNegated: boolean; value: string | undefined } | Word;

interface Word {
  word: string;
  /** Stands behind `--`. */
  isLiteral: boolean;
  /** The flag or list before it, which it may have been meant for. */
  after?: { written: string; kind: Option['kind'] };
}

const SHORT: Readonly<Record<string, string>> = { '-h': '--help', '-v': '--version' };
const FLAG_WORDS: ReadonlyMap<string, boolean> = new Map([
  ...['true', '1', 'yes', 'on'].map(word => [word, true] as const),
  ...['false', '0', 'no', 'off'].map(word => [word, false] as const),
]);

/**
 * Reads a command line, and does nothing else.
 * @param argv without the program's name
 * @throws ConfigError for whatever is unknown, contradicts itself or would have no effect
 */
export function parse(argv: readonly string[]): Given {
  const tokens = tokensOf(argv);
  const words = tokens.filter(token => 'word' in token);
  const { command, action, form, rest } = formOf(words);
  const given = valuesOf(tokens, nameOf(command, action), form);
  if (given.flags.version) return { ...given, command: 'version', action: undefined, arguments: [] };
  if (given.flags.help) {
    const asked = words.length === 0 ? [] : nameOf(command, action).split(' ');
    return { ...given, command: 'help', action: undefined, arguments: asked };
  }
  checkArguments(rest, command, action, form);
  return { ...given, command: command.name, action: action?.name, arguments: rest.map(({ word }) => word) };
}

/** `ledger export` */
export function nameOf(command: Form, action: Form | undefined): string {
  return action === undefined ? command.name : `${command.name} ${action.name}`;
}

/** The command, and the action, of these names. @throws ConfigError where there is none */
export function formNamed(path: readonly string[]): { command: Command; action: Form | undefined } {
  const { command, action, rest } = formOf(path.map(word => ({ word, isLiteral: false })));
  const [extra] = rest;
  if (extra === undefined) return { command, action };
  throw usageFault(`${nameOf(command, action)} ${extra.word}`, 'unknownCommand', { value: '' });
}

function tokensOf(argv: readonly string[]): Token[] {
  const tokens: Token[] = [];
  for (let index = 0; index < argv.length; index++) {
    const arg = argv[index] ?? '';
    if (arg === '--') {
      for (const word of argv.slice(index + 1)) tokens.push({ word, isLiteral: true });
      break;
    }
    if (!/^-./.test(arg)) {
      const after = meantFor(tokens.at(-1));
      tokens.push({ word: arg, isLiteral: false, ...(after && { after }) });
      continue;
    }
    const [written, inline] = split(arg);
    const { option, isNegated } = optionNamed(written, argv);
    const next = inline === undefined && takesNext(option, argv[index + 1]) ? argv[++index] : inline;
    if (next === undefined && (option.kind === 'text' || option.kind === 'list')) {
      throw usageFault(written, 'optionWithoutValue');
    }
    tokens.push({ written, option, isNegated, value: next });
  }
  return tokens;
}

/** What a word after this one may be meant for; a shell makes several words of an unquoted `*.jpg`. */
function meantFor(before: Token | undefined): Word['after'] {
  if (before === undefined) return undefined;
  if ('word' in before) return before.after?.kind === 'list' ? before.after : undefined;
  const { written, option } = before;
  return option.kind === 'flag' || option.kind === 'list' ? { written, kind: option.kind } : undefined;
}

function split(arg: string): [name: string, value: string | undefined] {
  const equals = arg.indexOf('=');
  return equals < 0 ? [arg, undefined] : [arg.slice(0, equals), arg.slice(equals + 1)];
}

function optionNamed(written: string, argv: readonly string[]): { option: Option; isNegated: boolean } {
  const name = (SHORT[written] ?? written).replace(/^--/, '');
  const option = ALL_OPTIONS.get(name);
  const isLong = written.startsWith('--') || written in SHORT;
  if (option && isLong) return { option, isNegated: false };
  const negated = ALL_OPTIONS.get(name.replace(/^no-/, ''));
  if (negated?.kind === 'flag' && isLong) return { option: negated, isNegated: true };
  if (secretNamed(written)) throw usageFault(written, 'secretOption');
  throw usageFault(written, 'unknownOption', { value: nearestOption(written, optionsTypedFor(argv)) });
}

/** The options of the command that was typed, whatever else is wrong with it. */
function optionsTypedFor(argv: readonly string[]): readonly Option[] {
  const command = COMMANDS.find(({ name }) => argv.includes(name)) ?? COMMANDS[0]!;
  const action = command.actions?.find(({ name }) => argv.includes(name));
  return action || !command.actions
    ? optionsOf(action ?? command)
    : [command, ...command.actions].flatMap(optionsOf);
}

/** Whether the next word is an option's value: what begins with a dash is so only where it is a number. */
function takesNext(option: Option, next: string | undefined): boolean {
  if (next === undefined) return false;
  if (option.kind === 'flag') return FLAG_WORDS.has(next.toLowerCase());
  return !/^-[^\d]/.test(next);
}

function formOf(words: readonly Word[]): {
  command: Command;
  action: Form | undefined;
  form: Form;
  rest: readonly Word[];
} {
  const [first, ...others] = words;
  if (first?.isLiteral || first?.after !== undefined) checkMeant(first, COMMANDS[0]!);
  const command = first === undefined ? COMMANDS[0]! : COMMANDS.find(({ name }) => name === first.word);
  if (!command) throw unknownCommand(first?.word ?? '');
  const { actions } = command;
  const [second, ...rest] = others;
  if (!actions || second === undefined) return { command, action: undefined, form: command, rest: others };
  const action = actions.find(({ name }) => name === second.word);
  if (action) return { command, action, form: action, rest };
  throw usageFault(`${command.name} ${second.word}`, 'unknownCommand', {
    value: nearestCommand(second.word, actions, command),
  });
}

function unknownCommand(word: string): ConfigError {
  const value = nearestCommand(word) || nearestOption(word, optionsOf(COMMANDS[0]!));
  return usageFault(shown(word), 'unknownCommand', { value });
}

/** A word that is a command may follow a flag; any other was meant for the flag. */
function checkMeant({ word, isLiteral, after }: Word, command: Form): void {
  if (COMMANDS.some(({ name }) => name === word) && !isLiteral) return;
  if (isLiteral) throw usageFault(shown(word), 'afterDashes', { value: command.name });
  if (after?.kind === 'list') throw usageFault(after.written, 'manyValues', { value: word });
  const near = nearestCommand(word);
  if (near !== '') throw usageFault(shown(word), 'unknownCommand', { value: near });
  throw usageFault(after?.written ?? '', 'notFlagValue', { value: word });
}

function valuesOf(
  tokens: readonly Token[],
  name: string,
  form: Form,
): Pick<Given, 'flags' | 'texts' | 'lists'> {
  const known = optionsOf(form);
  const flags: Record<string, boolean> = {};
  const texts: Record<string, string> = {};
  const lists: Record<string, string[]> = {};
  for (const token of tokens) {
    if ('word' in token) continue;
    const { written, value } = token;
    // One of the same name may be a key of the configuration in another command.
    const option = known.find(one => one.name === token.option.name);
    if (!option) throw usageFault(written, 'optionOfOther', { value: name });
    if (option.kind === 'flag') {
      const isOn = flagValue(token);
      if (isOn !== (flags[option.name] ?? isOn)) throw usageFault(written, 'contradiction');
      flags[option.name] = isOn;
    } else if (option.kind === 'text') {
      const text = isPath(option) ? withHomeFolder(value ?? '') : (value ?? '');
      if (text === '' && option.key === undefined) throw usageFault(written, 'optionWithoutValue');
      if (text !== (texts[option.name] ?? text)) throw usageFault(written, 'contradiction');
      texts[option.name] = text;
    } else lists[option.name] = [...(lists[option.name] ?? []), ...(value === undefined ? [] : [value])];
  }
  const lonely = known.find(({ name, needs }) => flags[name] && needs && !(needs in flags || needs in lists));
  if (lonely) throw usageFault(`--${lonely.name}`, 'optionNeedsOther', { value: `--${lonely.needs}` });
  return { flags, texts, lists };
}

function isPath({ value }: Option): boolean {
  return value === 'FILE' || value === 'DIR';
}

/** A shell leaves the `~` of `--output=~/a.csv` as it is, and a folder of that name is what nobody means. */
function withHomeFolder(path: string): string {
  return path.replace(/^~(?=[\\/]|$)/, () => homedir());
}

function flagValue({ written, isNegated, value }: Exclude<Token, Word>): boolean {
  const isOn = value === undefined ? true : FLAG_WORDS.get(value.toLowerCase());
  if (isOn === undefined) throw usageFault(written, 'notFlagValue', { value: value ?? '' });
  return isOn !== isNegated;
}

function checkArguments(rest: readonly Word[], command: Command, action: Form | undefined, form: Form): void {
  const { arguments: wanted = [] } = form;
  const name = nameOf(command, action);
  if (command.needsAction && !action) {
    const choices = (command.actions ?? []).map(one => one.name).join(', ');
    throw usageFault(command.name, 'actionMissing', { choices });
  }
  const extra = wanted.at(-1)?.isRepeated ? undefined : rest[wanted.length];
  if (extra) {
    if (extra.isLiteral || extra.after !== undefined) checkMeant(extra, { ...form, name });
    const option = nearestOption(extra.word, optionsOf(form));
    throw usageFault(shown(extra.word), 'extraArgument', { command: name, value: option });
  }
  const lacking = wanted.slice(rest.length).find(({ isNeeded }) => isNeeded);
  if (lacking) throw usageFault(name, 'argumentMissing', { value: lacking.name });
  for (const [index, { choices }] of wanted.entries()) {
    const word = rest[index]?.word;
    if (word === undefined || !choices || choices.includes(word)) continue;
    throw usageFault(name, 'notChoice', { value: word, choices: choices.join(', ') });
  }
}

/** An empty argument, of a variable that is not set, would be invisible. */
function shown(word: string): string {
  return word === '' ? '""' : word;
}
