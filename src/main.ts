import { type CAC, type Command, cac } from 'cac';
import { EXIT, exitCodeOfError } from './cli/exit-codes.ts';
import { translateHelp } from './cli/help.ts';
import type { Invocation } from './cli/invocation.ts';
import { checkLanguage, keepAsWritten, overridesOf, usageErrorOf } from './cli/options.ts';
import { type Home, homeAt } from './config/home.ts';
import { languageInConfig } from './config/language.ts';
import { CONFIG_KEYS, SECRET_KEYS } from './config/schema.ts';
import { createTerminal } from './report/console.ts';
import { errorLines, isUnexpected } from './report/errors.ts';
import { wordsFor } from './report/language.ts';
import { logDefect } from './report/log-line.ts';
import type { Words } from './report/words/words.ts';
import { untilSignal } from './signals.ts';
import { VERSION } from './version.ts';

type Options = Record<string, unknown>;

/** ms that output has to get out after an interruption */
const LAST_WORDS = 500;

async function main(argv: string[], signal: AbortSignal): Promise<number> {
  const given = optionIn(argv, 'lang');
  const words = wordsFor(given, languageInConfig(homeIn(argv).configFile));
  let isOutputLost = false;
  const terminal = createTerminal(code => {
    isOutputLost = true;
    terminal.err(`cos_sync: ${words.warnings.outputUnwritable(code)}\n`);
  });
  const cli = cac('cos_sync');
  const invocationOf = (options: Options): Invocation => ({
    home: homeAt(text(options.home), process.env, text(options.config)),
    words,
    terminal,
    style: {
      json: options.json === true,
      quiet: options.quiet === true,
      verbose: options.verbose === true,
      progress: options.progress !== false,
    },
    overrides: overridesOf(options),
    signal,
  });
  declareCommands(cli, words, invocationOf);
  try {
    cli.parse(argv, { run: false });
    keepAsWritten(cli.options, argv);
    if (cli.options.help || cli.options.version) return 0;
    checkLanguage(given);
    const code = (await cli.runMatchedCommand()) as number;
    return code === EXIT.ok && isOutputLost ? EXIT.failures : code;
  } catch (caught) {
    const error = usageErrorOf(caught, cli) ?? caught;
    for (const line of errorLines(error, words)) terminal.err(`cos_sync: ${line}\n`);
    if (isUnexpected(error)) logDefect(homeIn(argv).logFile, error);
    return exitCodeOfError(error);
  }
}

function declareCommands(cli: CAC, words: Words, invocationOf: (options: Options) => Invocation): void {
  const { help } = words;
  cli
    .option('--config <file>', help.config)
    .option('--home <dir>', help.home)
    .option('--json', help.json)
    .option('--quiet', help.quiet)
    .option('--verbose', help.verbose)
    .option('--no-progress', help.noProgress)
    .option('--lang <lang>', help.lang);

  for (const name of ['', 'sync']) {
    const command = cli
      .command(name, help.sync)
      .option('--dry-run', help.dryRun)
      .option('--allow-empty', help.allowEmpty)
      .option('--explain <path>', words.explain.help);
    takeConfigOptions(command, words);
    command.action(async (options: Options) => {
      if (options.explain !== undefined) {
        const { explainCommand } = await import('./commands/explain.ts');
        const paths = [options.explain].flat().map(String);
        return explainCommand(invocationOf(options), { paths, allowEmpty: options.allowEmpty === true });
      }
      const { syncCommand } = await import('./commands/sync.ts');
      return syncCommand(invocationOf(options), {
        dryRun: options.dryRun === true,
        allowEmpty: options.allowEmpty === true,
      });
    });
  }

  takeConfigOptions(cli.command('doctor', words.doctor.help), words).action(async (options: Options) => {
    const { doctorCommand } = await import('./commands/doctor.ts');
    return doctorCommand(invocationOf(options));
  });

  takeConfigOptions(cli.command('verify', words.verify.help.verify), words)
    .option('--repair', words.verify.help.repair)
    .option('--deep', words.verify.help.deep)
    .action(async (options: Options) => {
      const { verifyCommand } = await import('./commands/verify.ts');
      return verifyCommand(invocationOf(options), {
        repair: options.repair === true,
        deep: options.deep === true,
      });
    });

  takeConfigOptions(cli.command('init', words.init.help), words)
    .option('--recover', words.init.recover)
    .action(async (options: Options) => {
      if (options.recover === true) {
        const { recoverCommand } = await import('./commands/recover.ts');
        return recoverCommand(invocationOf(options));
      }
      const { initCommand } = await import('./commands/init.ts');
      return initCommand(invocationOf(options));
    });

  cli
    .command('history [action] [run]', words.history.help.history)
    .option('--last <count>', words.history.help.last)
    .option('--html <file>', words.history.help.html)
    .action(async (action: unknown, run: unknown, options: Options) => {
      const { historyCommand } = await import('./commands/history.ts');
      return historyCommand(invocationOf(options), {
        action: text(action),
        run: text(run),
        last: text(options.last),
        html: text(options.html),
      });
    });

  const { help: ledgerHelp } = words.ledger;
  takeConfigOptions(cli.command('ledger [export|import|rebuild|uploads] [file]', ledgerHelp.ledger), words)
    .option('--format <format>', ledgerHelp.format)
    .option('--output <file>', ledgerHelp.output)
    .option('--table <table>', ledgerHelp.table)
    .option('--abort [id]', ledgerHelp.abort)
    .option('--yes', ledgerHelp.yes)
    .action(async (action: string | undefined, file: string | undefined, options: Options) => {
      const { ledgerCommand } = await import('./commands/ledger/ledger.ts');
      return ledgerCommand(invocationOf(options), {
        action,
        file,
        format: text(options.format),
        output: text(options.output),
        table: text(options.table),
        abort: idsIn(options.abort),
        yes: options.yes === true,
      });
    });

  cli
    .command('demo', help.demo)
    .option('--dir <dir>', help.demoDir)
    .action(async (options: Options) => {
      const { demoCommand } = await import('./commands/demo.ts');
      return demoCommand(invocationOf(options), { dir: text(options.dir) });
    });

  cli
    .command('local-cos', help.localCos)
    .option('--port <port>', help.port)
    .option('--dir <dir>', help.dir)
    .action(async (options: Options) => {
      const { localCosCommand } = await import('./commands/local-cos.ts');
      return localCosCommand(invocationOf(options), {
        port: text(options.port),
        dir: text(options.dir),
      });
    });

  cli
    .command('schedule [install|print|remove]', words.schedule.help.schedule)
    .option('--kind <kind>', words.schedule.help.kind)
    .option('--every <interval>', words.schedule.help.every)
    .option('--at <time>', words.schedule.help.at)
    .option('--name <name>', words.schedule.help.name)
    .action(async (action: string | undefined, options: Options) => {
      const { scheduleCommand } = await import('./commands/schedule.ts');
      return scheduleCommand(invocationOf(options), {
        action,
        kind: text(options.kind),
        every: text(options.every),
        at: text(options.at),
        name: text(options.name),
        lang: text(options.lang),
      });
    });

  cli.version(VERSION);
  translateHelp(cli, words);
}

/** Every config key has an option of the same name, but for the secrets. */
function takeConfigOptions(command: Command, { help }: Words): Command {
  for (const key of CONFIG_KEYS) {
    if (SECRET_KEYS.includes(key) || key === 'lang') continue;
    command.option(`--${key.replaceAll('_', '-')} <value>`, help.configKey(key));
  }
  return command;
}

/** An option's value; of one given several times the last counts. */
function text(option: unknown): string | undefined {
  const given = Array.isArray(option) ? option.at(-1) : option;
  return given === undefined ? undefined : String(given);
}

/** The values of an option that may be given several times or without one. */
function idsIn(option: unknown): string[] | undefined {
  return option === undefined
    ? undefined
    : [option]
        .flat()
        .filter(id => id !== true)
        .map(String);
}

/** What is needed before the options are parsed: help and usage errors are in the user's language too. */
function optionIn(argv: readonly string[], name: string): string | undefined {
  const index = argv.findIndex(arg => arg === `--${name}` || arg.startsWith(`--${name}=`));
  const arg = argv[index] ?? '';
  return arg === `--${name}` ? argv[index + 1] : arg.slice(`--${name}=`.length) || undefined;
}

function homeIn(argv: readonly string[]): Home {
  return homeAt(optionIn(argv, 'home'), process.env, optionIn(argv, 'config'));
}

/** What nobody caught is a defect of ours: it is said in one line, and the stack is no business of the terminal. */
function endOnDefect(error: unknown): void {
  const { configFile, logFile } = homeIn(process.argv);
  logDefect(logFile, error);
  const words = wordsFor(optionIn(process.argv, 'lang'), languageInConfig(configFile));
  for (const line of errorLines(error, words)) process.stderr.write(`cos_sync: ${line}\n`);
  process.exit(exitCodeOfError(error));
}

process.on('uncaughtException', endOnDefect);
// Some ask a program by this signal how far it is: it must neither end it nor open Node's debugger.
if (process.platform !== 'win32') process.on('SIGUSR1', () => {});
// No top-level await: the executable's bundle is a CommonJS module.
const signal = untilSignal();
main(process.argv, signal).then(code => {
  process.exitCode = code;
  // A request or a look-up that an interrupted command left to itself must not keep the program.
  if (signal.aborted) setTimeout(() => process.exit(), LAST_WORDS).unref();
});
