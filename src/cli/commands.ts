import { KEY_TABLE, OPTION_KEYS, optionKindOf } from '../config/key-table.ts';
import { LANGUAGES } from '../config/language.ts';
import { OVERWRITE_RULES } from '../engine/restore/plan.ts';
import { EXPORT_FORMATS } from '../ledger/exchange/export.ts';
import { LOCAL_BUCKET, LOCAL_REGION } from '../local-cos/defaults.ts';
import type { HelpWords } from '../report/words/help.ts';
import { KINDS, PRINTED_KINDS } from '../schedule/kind.ts';

/**
 * Every command and option there is, in one table. Parsing, the refusal of what is unknown or has no effect, the
 * nearest name, `--help` and the shells' completion all read it.
 *
 * A new option of a command: one line in its `options`, and its words in report/words/help.ts. A new command: one
 * entry here, one in commands/start.ts, and its line in report/words/help.ts. A new key of the configuration file
 * becomes an option by itself: see config/key-table.ts.
 */

export interface Option {
  /** Without dashes. */
  name: string;
  /** A flag is on or off; a text has one value; a list may be repeated; so may what is `optional`, also without a value. */
  kind: 'flag' | 'text' | 'list' | 'optional';
  /** What stands for the value in `--help`. */
  value?: string;
  choices?: readonly string[];
  /** Its meaning; an option that is a key of the configuration has the key's. */
  says?: keyof HelpWords['options'];
  key?: (typeof OPTION_KEYS)[number];
  default?: string;
  /** Has no effect without this other option of the same command. */
  needs?: string;
  /** Is on unless it is switched off: `--help` lists it as `--no-…`. */
  isOn?: true;
}

export interface Argument {
  name: string;
  isNeeded?: true;
  /** The last one may be. */
  isRepeated?: true;
  choices?: readonly string[];
}

/** A command, or one of its actions: `ledger export`. */
export interface Form {
  name: string;
  /** Whether it reads the configuration file, only the folders of home, or neither: `--config` and `--home` follow. */
  reads: 'config' | 'home' | 'nothing';
  /** Whether it takes the options that are keys of the configuration. */
  takesKeys?: true;
  options?: readonly Option[];
  arguments?: readonly Argument[];
  example?: string;
}

export interface Command extends Form {
  name: Exclude<keyof HelpWords['commands'], `${string} ${string}`>;
  actions?: readonly Form[];
  /** One of the actions has to be named. */
  needsAction?: true;
}

const DRY_RUN: Option = { name: 'dry-run', kind: 'flag', says: 'dryRun' };
const SHARD: Option = { name: 'shard', kind: 'text', value: 'I/N', key: 'shard' };
const kindOption = (kinds: readonly string[]): Option => ({
  name: 'kind',
  kind: 'text',
  value: kinds.join('|'),
  choices: kinds,
  says: 'kind',
});
const SCHEDULE: readonly Option[] = [
  kindOption(KINDS),
  { name: 'name', kind: 'text', value: 'NAME', says: 'scheduleName', default: 'cos_sync' },
];
const SCHEDULE_TIMES: readonly Option[] = [
  { name: 'every', kind: 'text', value: 'INTERVAL', says: 'every', default: 'daily' },
  { name: 'at', kind: 'text', value: 'HH:MM', says: 'at', default: '02:00' },
  { name: 'service', kind: 'flag', says: 'service' },
];

export const SHELLS = ['bash', 'zsh', 'fish', 'powershell'] as const;

export const COMMANDS: readonly Command[] = [
  {
    name: 'sync',
    reads: 'config',
    takesKeys: true,
    options: [
      DRY_RUN,
      { name: 'allow-empty', kind: 'flag', says: 'allowEmpty' },
      { name: 'other-disk', kind: 'flag', says: 'otherDisk' },
      { name: 'explain', kind: 'list', value: 'PATH', says: 'explain' },
    ],
    example: 'cos_sync sync --dry-run',
  },
  {
    name: 'init',
    reads: 'config',
    takesKeys: true,
    options: [{ name: 'recover', kind: 'flag', says: 'recover' }],
    example: 'cos_sync init',
  },
  { name: 'doctor', reads: 'config', takesKeys: true, example: 'cos_sync doctor' },
  {
    name: 'history',
    reads: 'home',
    options: [
      { name: 'last', kind: 'text', value: 'N', says: 'last' },
      { name: 'html', kind: 'text', value: 'FILE', says: 'html' },
      SHARD,
      { name: 'all-shards', kind: 'flag', says: 'allShards' },
    ],
    example: 'cos_sync history --last 20',
    actions: [
      {
        name: 'show',
        reads: 'home',
        options: [SHARD],
        arguments: [{ name: 'RUN' }],
        example: 'cos_sync history show 17',
      },
    ],
  },
  {
    name: 'verify',
    reads: 'config',
    takesKeys: true,
    options: [
      { name: 'repair', kind: 'flag', says: 'repair' },
      { name: 'attributes', kind: 'flag', says: 'attributes' },
      { name: 'deep', kind: 'flag', says: 'deep' },
    ],
    example: 'cos_sync verify --repair',
  },
  {
    name: 'restore',
    reads: 'config',
    takesKeys: true,
    arguments: [{ name: 'PATH', isRepeated: true }],
    options: [
      { name: 'to', kind: 'text', value: 'DIR', says: 'to' },
      { name: 'at', kind: 'text', value: 'TIME', says: 'restoreAt' },
      { name: 'run', kind: 'text', value: 'N', says: 'restoreRun' },
      {
        name: 'overwrite',
        kind: 'text',
        value: OVERWRITE_RULES.join('|'),
        choices: OVERWRITE_RULES,
        says: 'overwrite',
        default: 'never',
      },
      { name: 'thaw', kind: 'text', value: 'DAYS', says: 'thaw' },
      DRY_RUN,
      { name: 'yes', kind: 'flag', says: 'restoreYes' },
    ],
    example: 'cos_sync restore docs --to /tmp/back --at 3d',
  },
  {
    name: 'ledger',
    reads: 'config',
    takesKeys: true,
    needsAction: true,
    actions: [
      {
        name: 'export',
        reads: 'config',
        takesKeys: true,
        options: [
          {
            name: 'format',
            kind: 'text',
            value: EXPORT_FORMATS.join('|'),
            choices: EXPORT_FORMATS,
            says: 'format',
            default: 'jsonl',
          },
          { name: 'output', kind: 'text', value: 'FILE', says: 'output' },
        ],
        example: 'cos_sync ledger export --output ledger.jsonl',
      },
      {
        name: 'import',
        reads: 'config',
        takesKeys: true,
        options: [{ name: 'table', kind: 'text', value: 'TABLE', says: 'table' }],
        arguments: [{ name: 'FILE', isNeeded: true }],
        example: 'cos_sync ledger import db_rec.db',
      },
      { name: 'rebuild', reads: 'config', takesKeys: true, example: 'cos_sync ledger rebuild' },
      {
        name: 'adopt',
        reads: 'config',
        takesKeys: true,
        options: [{ name: 'from', kind: 'list', value: 'FILE', says: 'from' }],
        example: 'cos_sync ledger adopt',
      },
      {
        name: 'uploads',
        reads: 'config',
        takesKeys: true,
        options: [
          { name: 'abort', kind: 'optional', value: 'ID', says: 'abort' },
          { name: 'yes', kind: 'flag', says: 'yes', needs: 'abort' },
        ],
        example: 'cos_sync ledger uploads --abort --yes',
      },
    ],
  },
  {
    name: 'schedule',
    reads: 'config',
    needsAction: true,
    actions: [
      {
        name: 'install',
        reads: 'config',
        options: [...SCHEDULE, ...SCHEDULE_TIMES],
        example: 'cos_sync schedule install --every 1h',
      },
      {
        name: 'print',
        reads: 'config',
        options: [
          kindOption(PRINTED_KINDS),
          ...SCHEDULE.slice(1),
          ...SCHEDULE_TIMES,
          { name: 'shards', kind: 'text', value: 'N', says: 'shards' },
        ],
        example: 'cos_sync schedule print --kind slurm --shards 4',
      },
      { name: 'remove', reads: 'home', options: SCHEDULE, example: 'cos_sync schedule remove' },
    ],
  },
  {
    name: 'status',
    reads: 'config',
    takesKeys: true,
    options: [{ name: 'follow', kind: 'flag', says: 'follow' }],
    example: 'cos_sync status --follow',
  },
  {
    name: 'local-cos',
    reads: 'nothing',
    options: [
      { name: 'port', kind: 'text', value: 'PORT', says: 'port', default: '0' },
      { name: 'dir', kind: 'text', value: 'DIR', says: 'dir' },
      { name: 'bucket', kind: 'text', value: 'NAME-APPID', says: 'localBucket', default: LOCAL_BUCKET },
      { name: 'region', kind: 'text', value: 'REGION', says: 'localRegion', default: LOCAL_REGION },
    ],
    example: 'cos_sync local-cos --port 9000',
  },
  {
    name: 'demo',
    reads: 'nothing',
    options: [
      { name: 'dir', kind: 'text', value: 'DIR', says: 'demoDir' },
      { name: 'watch', kind: 'flag', says: 'demoWatch' },
    ],
    example: 'cos_sync demo',
  },
  {
    name: 'completion',
    reads: 'nothing',
    arguments: [{ name: 'SHELL', isNeeded: true, choices: SHELLS }],
    example: 'source <(cos_sync completion bash)',
  },
  { name: 'help', reads: 'nothing', arguments: [{ name: 'COMMAND' }, { name: 'ACTION' }] },
  { name: 'version', reads: 'nothing' },
];

const CONFIG: Option = { name: 'config', kind: 'text', value: 'FILE', says: 'config' };
const HOME: Option = { name: 'home', kind: 'text', value: 'DIR', says: 'home' };

/** What every command takes. */
const EVERYWHERE: readonly Option[] = [
  { name: 'json', kind: 'flag', says: 'json' },
  { name: 'quiet', kind: 'flag', says: 'quiet' },
  { name: 'verbose', kind: 'flag', says: 'verbose' },
  { name: 'progress', kind: 'flag', says: 'progress', isOn: true },
  { name: 'lang', kind: 'text', value: LANGUAGES.join('|'), choices: LANGUAGES, says: 'lang' },
  { name: 'help', kind: 'flag', says: 'help' },
  { name: 'version', kind: 'flag', says: 'version' },
];

/** The options of every command, as far as this one has a use for them. */
export function generalOptions({ reads }: Form): readonly Option[] {
  if (reads === 'nothing') return EVERYWHERE;
  return reads === 'home' ? [HOME, ...EVERYWHERE] : [CONFIG, HOME, ...EVERYWHERE];
}

/** The options that are keys of the configuration: `thread_num` is `--thread-num`. */
export const KEY_OPTIONS: readonly Option[] = OPTION_KEYS.map(key => {
  const { value, choices } = KEY_TABLE[key];
  return {
    name: key.replaceAll('_', '-'),
    kind: optionKindOf(key),
    key,
    ...(value === undefined ? {} : { value }),
    ...(choices === undefined ? {} : { choices }),
  };
});

/** All options that a command, or an action, takes. */
export function optionsOf(form: Form): readonly Option[] {
  return [...(form.options ?? []), ...(form.takesKeys ? KEY_OPTIONS : []), ...generalOptions(form)];
}

/** Every option of every command by its name. One of the same name is of the same kind everywhere. */
export const ALL_OPTIONS: ReadonlyMap<string, Option> = new Map(
  COMMANDS.flatMap(command => [command, ...(command.actions ?? [])])
    .flatMap(optionsOf)
    .map(option => [option.name, option]),
);
