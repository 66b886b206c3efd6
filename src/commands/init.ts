import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname } from 'node:path';
import { EXIT, exitCodeOfError } from '../cli/exit-codes.ts';
import type { Invocation } from '../cli/invocation.ts';
import { openPrompt, type Prompt } from '../cli/prompt.ts';
import { ConfigError, usageFault } from '../config/faults.ts';
import { secretsOf, withOptions } from '../config/load.ts';
import { parseConfig } from '../config/schema.ts';
import { isPlaceholder } from '../config/values.ts';
import { isFolder } from '../engine/local/local-path.ts';
import type { AskedKey } from '../report/words/init.ts';
import { writeWhole } from '../report/write-file.ts';
import { examineCos } from './doctor.ts';

type Values = Record<string, unknown>;

const ASKED: readonly AskedKey[] = ['secret_id', 'secret_key', 'bucket', 'region', 'local_path', 'cos_path'];
const SECRETS: readonly AskedKey[] = ['secret_id', 'secret_key'];
/** An answer is asked for this often. */
const TRIES = 5;

/**
 * `cos_sync init`: asks for the values that matter, tests them, writes the configuration.
 * Values given as options are not asked for.
 * @throws ConfigError where there is no usable answer
 */
export async function initCommand(invocation: Invocation): Promise<number> {
  const { terminal, words, signal } = invocation;
  const prompt = openPrompt(signal);
  try {
    return await askTestWrite(invocation, prompt);
  } catch (error) {
    if (!signal.aborted) throw error;
    terminal.err(`cos_sync: ${words.init.cancelled}\n`);
    return exitCodeOfError(signal.reason);
  } finally {
    prompt.close();
  }
}

async function askTestWrite(invocation: Invocation, prompt: Prompt): Promise<number> {
  const { home, terminal, words, overrides } = invocation;
  const file = home.configFile;
  const start = await startingValues(invocation, prompt);
  if (start === undefined) {
    terminal.out(`${words.init.notWritten(file)}\n`);
    return EXIT.ok;
  }
  terminal.out(`${words.init.intro(file)}\n`);
  const values = await askAll(withOptions(start, overrides), invocation, prompt);
  if (!(await isWorking(values, invocation)) && !(await agrees(prompt, words.init.writeAnyway))) {
    terminal.out(`${words.init.notWritten(file)}\n`);
    return EXIT.refused;
  }
  mkdirSync(dirname(file), { recursive: true });
  await writeWhole(file, `${JSON.stringify(values, undefined, 4)}\n`, 0o600);
  terminal.out(`${words.init.written(file)}\n${words.init.next}\n`);
  return EXIT.ok;
}

/** What the file holds that may stay; undefined where it is to be left alone. */
async function startingValues({ home, words }: Invocation, prompt: Prompt): Promise<Values | undefined> {
  const file = home.configFile;
  if (!existsSync(file)) return {};
  const written = readValues(file);
  if (written === undefined) {
    const old = `${file}.old`;
    if (!(await agrees(prompt, words.init.unreadable(file, old)))) return undefined;
    renameSync(file, old);
    return {};
  }
  const isTemplate = ['secret_id', 'bucket'].every(key => isPlaceholder(String(written[key] ?? 'xxx')));
  if (!isTemplate && !(await agrees(prompt, words.init.filledIn(file)))) return undefined;
  const kept = Object.entries(written).filter(([, value]) => !isPlaceholder(String(value)));
  const values = Object.fromEntries(kept);
  if (isTemplate) {
    delete values.local_path;
    delete values.cos_path;
  }
  return values;
}

function readValues(file: string): Values | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8').replace(/^\ufeff/, ''));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Values)
      : undefined;
  } catch {
    return undefined;
  }
}

async function agrees(prompt: Prompt, question: string): Promise<boolean> {
  return /^(y|yes|是)$/i.test((await prompt.ask(question)) ?? '');
}

async function askAll(start: Values, invocation: Invocation, prompt: Prompt): Promise<Values> {
  const { overrides, terminal, words } = invocation;
  const environment = secretsOf(process.env);
  const hasSecrets = SECRETS.every(key => key in environment);
  if (hasSecrets) terminal.out(`${words.init.secretsFromEnvironment}\n`);
  const values = { ...start };
  for (const key of ASKED) {
    if (hasSecrets && SECRETS.includes(key)) delete values[key];
    else if (!(key in overrides)) await askFor(key, values, invocation, prompt);
  }
  return values;
}

/** Asks until the answer is a value that the key can have, and notes it. */
async function askFor(
  key: AskedKey,
  values: Values,
  { terminal, words }: Invocation,
  prompt: Prompt,
): Promise<void> {
  const present = values[key] ?? (key === 'cos_path' ? '/' : undefined);
  const isSecret = SECRETS.includes(key);
  const hint = isSecret ? words.init.keepSecret : words.init.keep(String(present));
  const question = `${words.init.questions[key]}${present === undefined ? '' : ` [${hint}]`}:`;
  for (let tries = 0; tries < TRIES; tries++) {
    const answer = await prompt.ask(question, { secret: key === 'secret_key' });
    if (answer === undefined) break;
    const value = answer === '' ? present : cleaned(key, answer);
    const objection = objectionTo(key, { ...values, [key]: value });
    if (objection === undefined) {
      if (value !== undefined) values[key] = value;
      return;
    }
    terminal.err(`${key}: ${objection}\n`);
  }
  throw usageFault(key, 'noAnswer');

  function objectionTo(key: AskedKey, all: Values): string | undefined {
    const result = parseConfig(all);
    const fault = 'faults' in result ? result.faults.find(one => one.key === key) : undefined;
    if (fault) return words.problems[fault.problem](fault.values);
    const folder = String(all.local_path);
    return key === 'local_path' && !isFolder(folder) ? words.init.noSuchFolder(folder) : undefined;
  }
}

/** Without what comes along when a value is copied: quotation marks, and a shell's short name of home. */
function cleaned(key: AskedKey, answer: string): string {
  const bare = answer.replace(/^(["'])(.*)\1$/, '$2');
  return key === 'local_path' ? bare.replace(/^~(?=[\\/]|$)/, homedir()) : bare;
}

/** Tests the values as doctor does, and prints what it finds. @throws ConfigError */
async function isWorking(values: Values, { home, terminal, words, signal }: Invocation): Promise<boolean> {
  const result = parseConfig({ ...values, ...secretsOf(process.env) });
  if ('faults' in result) throw new ConfigError(home.configFile, result.faults);
  terminal.out(`\n${words.init.testing}\n`);
  let isFine = true;
  for await (const { status, name, message } of examineCos(result.config, { words, signal })) {
    terminal.out(`${status.padEnd(4)}  ${name.padEnd(11)}  ${message}\n`);
    if (status === 'fail') isFine = false;
  }
  return isFine;
}
