import { homedir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { ALL_OPTIONS, COMMANDS, type Form, optionsOf } from '../../src/cli/commands.ts';
import { overridesOf } from '../../src/cli/options.ts';
import { type Given, parse } from '../../src/cli/parse.ts';
import { ConfigError } from '../../src/config/faults.ts';
import { errorLines } from '../../src/report/errors.ts';
import { wordsFor } from '../../src/report/language.ts';
import { byName } from '../../src/report/words/call.ts';

/** What is said of a command line; empty where nothing is wrong with it. */
function refusal(...argv: string[]): string {
  try {
    parse(argv);
    return '';
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return errorLines(error, wordsFor(byName, 'en')).join('\n');
  }
}

/** Every command and action with what it needs to be complete. */
const FORMS: readonly { typed: string[]; form: Form }[] = COMMANDS.flatMap(command =>
  [
    ...(command.needsAction ? [] : [{ typed: [command.name], form: command as Form }]),
    ...(command.actions ?? []).map(action => ({ typed: [command.name, action.name], form: action })),
  ].map(({ typed, form }) => ({
    typed: [
      ...typed,
      ...(form.arguments ?? []).filter(({ isNeeded }) => isNeeded).map(({ choices }) => choices?.[0] ?? 'x'),
    ],
    form,
  })),
);

/** Flags but for --help and --version, which ask for something else. */
const FLAGS = FORMS.flatMap(({ typed, form }) =>
  optionsOf(form)
    .filter(({ kind, name }) => kind === 'flag' && name !== 'help' && name !== 'version')
    .map(({ name, needs }) => ({ typed: needs ? [...typed, `--${needs}`] : typed, name })),
);

const ON = ['true', '1', 'yes', 'on'];
const OFF = ['false', '0', 'no', 'off'];
const anyCase = (words: readonly string[]) =>
  fc
    .tuple(fc.constantFrom(...words), fc.func(fc.boolean()))
    .map(([word, isUpper]) =>
      [...word].map(letter => (isUpper(letter) ? letter.toUpperCase() : letter)).join(''),
    );

/** One way of writing a flag that is on, or off. */
function spelling(name: string, isOn: boolean): fc.Arbitrary<readonly string[]> {
  const [mine, other] = isOn ? [ON, OFF] : [OFF, ON];
  return fc.oneof(
    fc.constant([isOn ? `--${name}` : `--no-${name}`]),
    anyCase(mine).map(word => [`--${name}=${word}`]),
    anyCase(mine).map(word => [`--${name}`, word]),
    anyCase(other).map(word => [`--no-${name}=${word}`]),
    anyCase(other).map(word => [`--no-${name}`, word]),
  );
}

test('each flag of each command is on or off in every usual spelling, as often as it is given', t => {
  const cases = fc.record({
    flag: fc.constantFrom(...FLAGS),
    isOn: fc.boolean(),
    isBefore: fc.boolean(),
  });
  const written = cases.chain(({ flag, isOn, isBefore }) =>
    fc.array(spelling(flag.name, isOn), { minLength: 1, maxLength: 3 }).map(times => ({
      flag,
      isOn,
      argv: isBefore ? [...times.flat(), ...flag.typed] : [...flag.typed, ...times.flat()],
    })),
  );
  fc.assert(
    fc.property(written, ({ flag, isOn, argv }) => {
      t.is(parse(argv).flags[flag.name], isOn, argv.join(' '));
    }),
    { numRuns: 3000 },
  );
  // Every flag of every command once in every spelling, whatever the property happened to draw.
  for (const { typed, name } of FLAGS) {
    const is = (isOn: boolean, ...more: string[]) =>
      t.is(parse([...typed, ...more]).flags[name], isOn, [...typed, ...more].join(' '));
    is(true, `--${name}`);
    is(true, `--${name}`, `--${name}`);
    is(false, `--no-${name}`);
    for (const word of ON) {
      is(true, `--${name}=${word}`);
      is(true, `--${name}`, word);
    }
    for (const word of OFF) {
      is(false, `--${name}=${word}`);
      is(false, `--${name}`, word);
    }
  }
});

test('a flag with any other value is refused, and so is one that is both on and off', t => {
  const word = fc.string().filter(text => ![...ON, ...OFF].includes(text.toLowerCase()));
  fc.assert(
    fc.property(fc.constantFrom(...FLAGS), word, ({ typed, name }, value) => {
      t.regex(refusal(...typed, `--${name}=${value}`), /^--[\w-]+: must be on .* or off .*, not "/s);
    }),
    { numRuns: 1000 },
  );
  for (const { typed, name } of FLAGS) {
    t.regex(refusal(...typed, `--${name}`, `--no-${name}`), /given twice with different values/, name);
    t.regex(refusal(...typed, `--${name}=0`, `--${name}`), /given twice with different values/, name);
  }
  t.regex(refusal('sync', '--dry-run', '2'), /^--dry-run: must be on .* or off .*, not "2"$/);
  t.regex(refusal('--dry-run', 'constructor'), /^--dry-run: must be on/);
});

test('whatever is typed, a dry run that was asked for is one, or nothing is done', t => {
  const known = [...ALL_OPTIONS.keys()].map(name => `--${name}`);
  const piece = fc.oneof(
    fc.constantFrom(
      ...known,
      ...COMMANDS.map(({ name }) => name),
      ...ON,
      ...OFF,
      '--',
      '-n',
      '3',
      'a.txt',
      '',
    ),
    fc.string({ maxLength: 6 }),
  );
  // `--dry-run` may be the value of nothing, and stand behind nothing that makes it one.
  const line = fc.tuple(fc.array(piece, { maxLength: 4 }), fc.array(piece, { maxLength: 4 }));
  fc.assert(
    fc.property(line, ([before, after]) => {
      const argv = [...before, '--dry-run', ...after];
      let given: Given;
      try {
        given = parse(argv);
      } catch (error) {
        t.true(error instanceof ConfigError, `${argv.join(' ')}: ${error}`);
        return;
      }
      if (given.command !== 'sync') return;
      const isOff = given.flags['dry-run'] === false;
      t.true(given.flags['dry-run'] || (isOff && OFF.includes(after[0] ?? '')), argv.join(' '));
    }),
    { numRuns: 3000 },
  );
});

const REFUSED: [argv: string[], line: string][] = [
  [['--thread-num'], '--thread-num: needs a value'],
  [['--config', '--dry-run'], '--config: needs a value'],
  [['--config='], '--config: needs a value'],
  [['--home', ''], '--home: needs a value'],
  [['--thread-num', '--dry-run'], '--thread-num: needs a value'],
  [['sync', '--thread-nun', '3'], '--thread-nun: unknown option; did you mean --thread-num?'],
  [['--THREAD-NUM', '3'], '--THREAD-NUM: unknown option; did you mean --thread-num?'],
  [['--thread_num=3'], '--thread_num: unknown option; did you mean --thread-num?'],
  [['--threadNum', '3'], '--threadNum: unknown option; did you mean --thread-num?'],
  [['--DRY-RUN'], '--DRY-RUN: unknown option; did you mean --dry-run?'],
  [['-dry-run'], '-dry-run: unknown option; did you mean --dry-run?'],
  [['-n'], '-n: unknown option; did you mean --dry-run?'],
  [['doctor', '-n'], '-n: unknown option: see --help'],
  [['-q'], '-q: unknown option; did you mean --quiet?'],
  [['--no-dryrun'], '--no-dryrun: unknown option; did you mean --no-dry-run?'],
  [['--no-thread-num'], '--no-thread-num: unknown option; did you mean --thread-num?'],
  [['—dry-run'], '—dry-run: unknown command; did you mean --dry-run?'],
  [['--whatever'], '--whatever: unknown option: see --help'],
  [['snyc'], 'snyc: unknown command; did you mean sync?'],
  [['DOCTOR'], 'DOCTOR: unknown command; did you mean doctor?'],
  [['--json', 'snyc'], 'snyc: unknown command; did you mean sync?'],
  [['frobnicate'], 'frobnicate: unknown command: see --help'],
  [[''], '"": unknown command: see --help'],
  [['sync', 'foo'], 'foo: unexpected argument of sync: see cos_sync help sync'],
  [['sync', ''], '"": unexpected argument of sync: see cos_sync help sync'],
  [['sync', 'dry-run'], 'dry-run: unexpected argument of sync; did you mean --dry-run?'],
  [['sync', '—dry-run'], '—dry-run: unexpected argument of sync; did you mean --dry-run?'],
  [
    ['sync', '--', '--dry-run'],
    '--dry-run: comes after "--", where nothing is read as an option, and sync takes no such argument: put it before the "--"',
  ],
  [
    ['--', '--dry-run'],
    '--dry-run: comes after "--", where nothing is read as an option, and sync takes no such argument: put it before the "--"',
  ],
  [['history', '--config', 'x.json'], '--config: has no effect in "history": see cos_sync help history'],
  [
    ['history', 'show', '3', '--last', '5'],
    '--last: has no effect in "history show": see cos_sync help history show',
  ],
  [['history', 'shwo', '3'], 'history shwo: unknown command; did you mean history show?'],
  [['history', 'show', '3', '4'], '4: unexpected argument of history show: see cos_sync help history show'],
  [
    ['--exclude', 'a.jpg', 'b.jpg', 'c.jpg'],
    '--exclude: takes one value, and "b.jpg" follows it: put a pattern in quotes, or the shell replaces it by file names; give the option once for each value',
  ],
  [
    ['sync', '--include=a.jpg', 'b.jpg'],
    '--include: takes one value, and "b.jpg" follows it: put a pattern in quotes, or the shell replaces it by file names; give the option once for each value',
  ],
  [['demo', '--home', 'x'], '--home: has no effect in "demo": see cos_sync help demo'],
  [['verify', '--dry-run'], '--dry-run: has no effect in "verify": see cos_sync help verify'],
  [['sync', '--repair'], '--repair: has no effect in "sync": see cos_sync help sync'],
  [['ledger'], 'ledger: needs one of export, import, rebuild, adopt, uploads'],
  [['ledger', 'import'], 'ledger import: needs FILE'],
  [
    ['ledger', 'rebuild', '--yes'],
    '--yes: has no effect in "ledger rebuild": see cos_sync help ledger rebuild',
  ],
  [['ledger', 'uploads', '--yes'], '--yes: has no effect without --abort'],
  [
    ['schedule', 'remove', '--every', '1h'],
    '--every: has no effect in "schedule remove": see cos_sync help schedule remove',
  ],
  [
    ['--thread-num', '3', '--thread-num', '4'],
    '--thread-num: is given twice with different values: give it once',
  ],
];

for (const [argv, line] of REFUSED) {
  test(`${JSON.stringify(argv)} is refused: ${line}`, t => {
    t.is(refusal(...argv), line);
  });
}

test('values are taken exactly as they are written', t => {
  const given = parse([
    '--cos-path',
    '007',
    '--exclude',
    '*.tmp',
    '--exclude=7',
    '--delete-sync',
    '1',
    '--retry-num',
    '-1',
  ]);
  t.deepEqual(overridesOf(given), {
    cos_path: '007',
    exclude: ['*.tmp', '7'],
    delete_sync: true,
    retry_num: '-1',
  });
  t.deepEqual(overridesOf(parse(['--proxy=', '--checksum', '--no-create-folders', '--failed-file='])), {
    proxy: '',
    checksum: true,
    create_folders: false,
    failed_file: '',
  });
});

test('a ~ that the shell left in a path is the home folder', t => {
  t.is(parse(['--config=~/cos.json']).texts.config, join(homedir(), 'cos.json'));
  t.is(parse(['demo', '--dir', '~']).texts.dir, homedir());
  t.is(parse(['ledger', 'export', '--output=~x/a.csv']).texts.output, '~x/a.csv');
  t.deepEqual(overridesOf(parse(['--local-path=~/data', '--cos-path', '~/x'])), {
    local_path: join(homedir(), 'data'),
    cos_path: '~/x',
  });
});

test('without a command it is sync, and --help and --version may stand anywhere', t => {
  t.is(parse([]).command, 'sync');
  t.is(parse(['--dry-run', 'true', 'sync']).command, 'sync');
  t.like(parse(['ledger', 'export', '--help']), { command: 'help', arguments: ['ledger', 'export'] });
  t.like(parse(['ledger', '-h']), { command: 'help', arguments: ['ledger'] });
  t.like(parse(['--help']), { command: 'help', arguments: [] });
  t.like(parse(['doctor', '-v']), { command: 'version' });
});

test('an option of several commands is of the same kind in each', t => {
  for (const { form } of FORMS) {
    for (const { name, kind } of optionsOf(form)) t.is(ALL_OPTIONS.get(name)?.kind, kind, name);
  }
});
