import type { Words } from '../../report/words/words.ts';
import { COMMANDS, type Command, type Form, type Option, optionsOf } from '../commands.ts';
import { meaningOf } from '../help.ts';

/** Where in a command line something is completed: after no command, a command, or its action. */
export interface Place {
  command: string;
  action: string;
  /** What may be typed next: commands, actions, or the values of an argument. */
  words: readonly Entry[];
  options: readonly (Entry & { value: ValueKind })[];
}

export interface Entry {
  name: string;
  meaning: string;
}

/** What follows an option: nothing, a file, a folder, one of these, or what no shell can know. */
export type ValueKind = 'none' | 'file' | 'folder' | 'any' | readonly string[];

const FILES: readonly (string | undefined)[] = ['FILE', 'PATH', 'PROGRAM'];

/** Every place there is. Without a command the options are those of sync. */
export function placesOf(words: Words): Place[] {
  const place = (command: Command | undefined, action: Form | undefined, next: readonly Entry[]): Place => ({
    command: command?.name ?? '',
    action: action?.name ?? '',
    words: next,
    options: optionsOf(action ?? command ?? COMMANDS[0]!).map(option => ({
      name: typedName(option),
      meaning: meaningOf(option, words),
      value: valueKindOf(option),
    })),
  });
  const commands = COMMANDS.map(({ name }) => ({ name, meaning: words.help.commands[name] }));
  return [
    place(undefined, undefined, commands),
    ...COMMANDS.flatMap(command => [
      place(command, undefined, wordsAfter(command, commands, words)),
      ...(command.actions ?? []).map(action => place(command, action, [])),
    ]),
  ];
}

function wordsAfter(command: Command, commands: readonly Entry[], { help }: Words): readonly Entry[] {
  if (command.name === 'help') return commands;
  const choices = (command.arguments ?? []).flatMap(one => one.choices ?? []);
  const actions = (command.actions ?? []).map(({ name }) => ({
    name,
    meaning: help.commands[`${command.name} ${name}` as keyof typeof help.commands],
  }));
  return [...actions, ...choices.map(name => ({ name, meaning: '' }))];
}

function typedName({ name, isOn }: Option): string {
  return isOn ? `--no-${name}` : `--${name}`;
}

function valueKindOf({ kind, value, choices }: Option): ValueKind {
  if (kind === 'flag') return 'none';
  if (choices) return choices;
  if (FILES.includes(value)) return 'file';
  return value === 'DIR' ? 'folder' : 'any';
}

/** Every option that takes a value, once. */
export function valueOptions(places: readonly Place[]): Map<string, ValueKind> {
  const options = places.flatMap(place => place.options).filter(({ value }) => value !== 'none');
  return new Map(options.map(({ name, value }) => [name, value]));
}

/** The options whose value is of a kind, as a shell's `case` lists them. */
export function casesOf(options: ReadonlyMap<string, ValueKind>, kind: ValueKind): string {
  return [...options].flatMap(([name, value]) => (value === kind ? [name] : [])).join('|');
}
