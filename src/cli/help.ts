import stringWidth from 'string-width';
import { defaultText, KEY_GROUPS, KEY_TABLE } from '../config/key-table.ts';
import type { Words } from '../report/words/words.ts';
import { COMMANDS, type Command, type Form, generalOptions, KEY_OPTIONS, type Option } from './commands.ts';
import { formNamed } from './parse.ts';

/** Columns; a Chinese character takes two. */
const WIDTH = 100;
const INDENT = '  ';
/** What is longer has its explanation on the next line. */
const NAME_WIDTH = 30;
const COMMAND_WIDTH = 12;

const SYNC = COMMANDS[0]!;

/**
 * What `--help` prints.
 * @param path a command, and one of its actions; empty for all commands
 * @throws ConfigError where there is none of that name
 */
export function helpFor(path: readonly string[], words: Words): string {
  if (path.length === 0) return overview(words);
  const { command, action } = formNamed(path);
  const sections = [usage(command, action, words), whatItIs(command, action, words)];
  if (!action) sections.push(actions(command, words));
  const form = action ?? command;
  // What an action takes is listed with the action.
  const isListed = action !== undefined || !command.needsAction;
  if (isListed) sections.push(ownOptions(command, action, words), examples([form], words));
  sections.push(everyCommand(form, words));
  if (isListed && form.takesKeys) sections.push(keyOptions(words));
  return textOf(sections);
}

function overview(words: Words): string {
  const { help } = words;
  const { headings } = help;
  const commands = COMMANDS.map(({ name }) => row(name, help.commands[name], COMMAND_WIDTH));
  return textOf([
    [headings.usage, `${INDENT}cos_sync [COMMAND] [OPTIONS]`],
    [headings.commands, ...commands.flat()],
    [...wrap(help.more, WIDTH), ...wrap(help.flags, WIDTH)],
    // Without a command it is sync.
    ownOptions(SYNC, undefined, words),
    everyCommand(SYNC, words),
    keyOptions(words),
  ]);
}

type Section = readonly string[];

function textOf(sections: readonly Section[]): string {
  return `${sections
    .filter(lines => lines.length > 0)
    .map(lines => lines.join('\n'))
    .join('\n\n')}\n`;
}

function usage(command: Command, action: Form | undefined, { help }: Words): Section {
  const form = action ?? command;
  const names =
    action || !command.needsAction ? [action?.name ?? ''] : command.actions?.map(({ name }) => name);
  const wanted = (form.arguments ?? []).map(({ name, choices, isNeeded, isRepeated }) => {
    const many = `${choices?.join('|') ?? name}${isRepeated ? '…' : ''}`;
    return isNeeded ? many : `[${many}]`;
  });
  const parts = ['cos_sync', command.name, names?.join('|') ?? '', ...wanted, '[OPTIONS]'];
  return [help.headings.usage, `${INDENT}${parts.filter(part => part !== '').join(' ')}`];
}

function whatItIs(command: Command, action: Form | undefined, words: Words): Section {
  const name = (action ? `${command.name} ${action.name}` : command.name) as keyof Words['help']['commands'];
  return wrap(words.help.commands[name], WIDTH);
}

/** Each action with its line, its own options, and an example. */
function actions(command: Command, words: Words): Section {
  const { help } = words;
  const all = command.actions ?? [];
  if (all.length === 0) return [];
  const rows = all.flatMap(action => {
    const name = `${command.name} ${action.name}` as keyof Words['help']['commands'];
    const wanted = (action.arguments ?? []).map(({ name, isNeeded }) =>
      isNeeded ? ` ${name}` : ` [${name}]`,
    );
    return [
      ...row(`${action.name}${wanted.join('')}`, help.commands[name]),
      ...(action.options ?? []).flatMap(option => row(`  ${usageOf(option)}`, meaningOf(option, words))),
      ...(action.example === undefined
        ? []
        : [`${INDENT}  ${spaced(help.headings.example, action.example)}`]),
    ];
  });
  return [help.headings.actions, ...rows];
}

function ownOptions(command: Command, action: Form | undefined, words: Words): Section {
  const { options = [] } = action ?? command;
  if (options.length === 0) return [];
  const name = action ? `${command.name} ${action.name}` : command.name;
  return [words.help.ownOptions(name), ...options.flatMap(option => optionRow(option, words))];
}

function examples(forms: readonly Form[], { help }: Words): Section {
  const lines = forms.flatMap(({ example }) => (example === undefined ? [] : [`${INDENT}${example}`]));
  return lines.length === 0 ? [] : [help.headings.example, ...lines];
}

function keyOptions(words: Words): Section {
  const groups = KEY_GROUPS.map(group => {
    const options = KEY_OPTIONS.filter(({ key }) => key !== undefined && KEY_TABLE[key].group === group);
    return ['', words.help.groups[group], ...options.flatMap(option => optionRow(option, words))];
  });
  return [...wrap(words.help.keyOptions, WIDTH), ...groups.flat()];
}

function everyCommand(form: Form, words: Words): Section {
  return [words.help.everyCommand, ...generalOptions(form).flatMap(option => optionRow(option, words))];
}

function optionRow(option: Option, words: Words): string[] {
  return row(usageOf(option), meaningOf(option, words));
}

/** `--thread-num N`, `--abort [ID]`, `--no-progress`, `--delete-sync 1|0` */
export function usageOf({ name, kind, key, value = 'VALUE', isOn }: Option): string {
  if (kind === 'flag' && key !== undefined) return `--${name} 1|0`;
  if (kind === 'flag') return isOn ? `--no-${name}` : `--${name}`;
  return kind === 'optional' ? `--${name} [${value}]` : `--${name} ${value}`;
}

/** What an option does, in one line of any length. */
export function meaningOf(option: Option, { help, keys }: Words): string {
  const { key, says } = option;
  if (key === undefined) {
    const fallback = option.default === undefined ? '' : help.default(option.default);
    return spaced(says === undefined ? '' : help.options[says], fallback);
  }
  const fallback = defaultText(key);
  return spaced(keys[key], fallback === '' ? '' : help.default(fallback));
}

function spaced(text: string, more: string): string {
  return more === '' || more.startsWith('（') || text.endsWith('：') ? text + more : `${text} ${more}`;
}

function row(name: string, text: string, width = NAME_WIDTH): string[] {
  const lines = wrap(text, WIDTH - INDENT.length - width);
  const gap = width - stringWidth(name);
  const first = gap > 1 ? [`${INDENT}${name}${' '.repeat(gap)}${lines.shift() ?? ''}`] : [`${INDENT}${name}`];
  return [...first, ...lines.map(line => `${INDENT}${' '.repeat(width)}${line}`)];
}

/** Breaks between words, and between Chinese characters but not before their punctuation. */
function wrap(text: string, width: number): string[] {
  const pieces = text.match(/[\u2e80-\uffef][，。；：、）]*|[^\s\u2e80-\uffef]+[，。；：、）]*|\s+/g) ?? [];
  const lines = [''];
  for (const piece of pieces) {
    const line = lines.at(-1) ?? '';
    if (stringWidth(line + piece) <= width || line === '') lines[lines.length - 1] = line + piece;
    else lines.push(piece.trimStart());
  }
  return lines.map(line => line.trimEnd());
}
