import { blockedThreads } from './blocked-threads.ts';
import { EXIT, exitCodeOfError } from './cli/exit-codes.ts';
import type { Invocation } from './cli/invocation.ts';
import { checkLanguage, optionIn, overridesOf } from './cli/options.ts';
import { type Given, parse } from './cli/parse.ts';
import { callIn } from './cli/program-call.ts';
import { runCommand } from './cli/run-command.ts';
import { START } from './commands/start.ts';
import { type Home, homeAt } from './config/home.ts';
import { languageInConfig } from './config/language.ts';
import { hasCurrentFolder } from './current-folder.ts';
import { endProcess } from './end-process.ts';
import { createTerminal } from './report/console.ts';
import { errorLines, isUnexpected } from './report/errors.ts';
import { wordsFor } from './report/language.ts';
import { logDefect } from './report/log-line.ts';
import { byName } from './report/words/call.ts';
import type { Words } from './report/words/words.ts';
import { untilSignal } from './signals.ts';
import { poolSize } from './thread-pool.ts';

// Read when the first of them is needed.
process.env.UV_THREADPOOL_SIZE ??= String(poolSize());

/** ms that output has to get out after an interruption */
const LAST_WORDS = 500;

async function main(argv: readonly string[], signal: AbortSignal): Promise<number> {
  if (!hasCurrentFolder()) {
    const { noCurrentFolder } = wordsFor(byName, optionIn(argv, 'lang')).warnings;
    process.stderr.write(`cos_sync: ${noCurrentFolder}\n`);
    return EXIT.usage;
  }
  const home = homeIn(argv);
  const words = wordsIn(home, argv);
  let isOutputLost = false;
  const terminal = createTerminal(code => {
    isOutputLost = true;
    // A file's or a device's error may come when the command is through.
    if (process.exitCode === EXIT.ok) process.exitCode = EXIT.failures;
    terminal.warn(`cos_sync: ${words.warnings.outputUnwritable(code)}\n`);
  });
  try {
    const given = parse(argv);
    checkLanguage(given.texts.lang);
    const code = await runCommand(given, name => START[name](invocationOf(given), given));
    return code === EXIT.ok && isOutputLost ? EXIT.failures : code;
  } catch (error) {
    for (const line of errorLines(error, words)) terminal.err(`cos_sync: ${line}\n`);
    if (isUnexpected(error)) logDefect(home.logFile, error);
    return exitCodeOfError(error);
  }

  function invocationOf(given: Given): Invocation {
    const { flags, texts } = given;
    return {
      home: homeAt(texts.home, process.env, texts.config),
      words,
      terminal,
      style: {
        json: flags.json ?? false,
        quiet: flags.quiet ?? false,
        verbose: flags.verbose ?? false,
        progress: flags.progress ?? true,
      },
      overrides: overridesOf(given),
      signal,
    };
  }
}

function homeIn(argv: readonly string[]): Home {
  return homeAt(optionIn(argv, 'home'), process.env, optionIn(argv, 'config'));
}

function wordsIn(home: Home, argv: readonly string[]): Words {
  const call = callIn(home, optionIn(argv, 'shard'));
  return wordsFor(call, optionIn(argv, 'lang'), languageInConfig(home.configFile));
}

/** What nobody caught is a defect of ours: it is said in one line, and the stack is no business of the terminal. */
function endOnDefect(error: unknown): void {
  const home = homeIn(process.argv);
  logDefect(home.logFile, error);
  const words = wordsIn(home, process.argv);
  for (const line of errorLines(error, words)) process.stderr.write(`cos_sync: ${line}\n`);
  process.exit(exitCodeOfError(error));
}

process.on('uncaughtException', endOnDefect);
// Some ask a program by this signal how far it is: it must neither end it nor open Node's debugger.
if (process.platform !== 'win32') process.on('SIGUSR1', () => {});
// It would take every certificate for a trusted one, whoever set it and what for.
delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
// No top-level await: the executable's bundle is a CommonJS module.
const signal = untilSignal();
main(process.argv.slice(2), signal).then(code => {
  process.exitCode = code;
  // A request, a look-up or a file that a command left to itself must not keep the program.
  if (blockedThreads() > 0) setTimeout(() => endProcess(code), LAST_WORDS);
  else if (signal.aborted) setTimeout(() => endProcess(code), LAST_WORDS).unref();
});
