import { existsSync, renameSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname } from 'node:path';
import { EXIT, exitCodeOfError } from '../cli/exit-codes.ts';
import type { Invocation } from '../cli/invocation.ts';
import { openPrompt, type Prompt } from '../cli/prompt.ts';
import { ConfigError, usageFault } from '../config/faults.ts';
import { isTemplate, keepCopy, keptSince } from '../config/kept-copy.ts';
import { secretsOf, withOptions, withSource } from '../config/load.ts';
import { readPlainFile } from '../config/plain-file.ts';
import { parseConfig } from '../config/schema.ts';
import { isPlaceholder } from '../config/values.ts';
import { isFolder } from '../engine/local/local-path.ts';
import { makeFolder } from '../make-folder.ts';
import type { AskedKey } from '../report/words/init.ts';
import { writeWhole } from '../report/write-file.ts';
import { examineCos } from './doctor.ts';
import { unusedName } from './recover.ts';

type Values = Record<string, unknown>;

const ASKED: readonly AskedKey[] = ['secret_id', 'secret_key', 'bucket', 'region', 'local_path', 'cos_path'];
const SECRETS: readonly AskedKey[] = ['secret_id', 'secret_key'];
const YES = /^(y|yes|是)$/i;
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
  const start = await startingPoint(invocation, prompt);
  const values = start && (await askUntilWorking(withOptions(start.values, overrides), invocation, prompt));
  if (values === undefined) {
    terminal.out(`${words.init.notWritten(file)}\n`);
    return start === undefined ? EXIT.failures : EXIT.refused;
  }
  makeFolder(dirname(file));
  if (start?.aside !== undefined) renameSync(file, start.aside);
  const text = `${JSON.stringify(values, undefined, 4)}\n`;
  await writeWhole(file, text, 0o600);
  keepCopy(file, { bytes: Buffer.from(text), written: values });
  terminal.out(`${words.init.written(file)}\n${words.init.next}\n`);
  return EXIT.ok;
}

interface StartingPoint {
  /** What the file holds that may stay. */
  values: Values;
  /** Where the file goes before another is written: it cannot be read. */
  aside?: string;
}

/** undefined where the file is to be left alone. */
async function startingPoint(
  { home, terminal, words }: Invocation,
  prompt: Prompt,
): Promise<StartingPoint | undefined> {
  const file = home.configFile;
  const isThere = existsSync(file);
  const written = isThere ? readValues(file) : {};
  if (written === undefined) {
    const aside = unusedName(file);
    const isAgreed = await agrees(prompt, words.init.unreadable(file, aside));
    return isAgreed ? { values: {}, aside } : undefined;
  }
  const isNew = !isThere || isTemplate(written);
  if (isNew && keptSince(file)) terminal.out(`${words.init.hasKeptCopy}\n`);
  if (!isNew && !(await agrees(prompt, words.init.filledIn(file)))) return undefined;
  const values = Object.fromEntries(
    Object.entries(written).filter(([, value]) => !isPlaceholder(String(value))),
  );
  // What the template has there are examples, and deletion is nothing to begin with unasked.
  if (isNew) for (const key of ['local_path', 'cos_path', 'delete_sync']) delete values[key];
  return { values };
}

/** Asks, tests, and asks again with the answers at hand; undefined where the user gives up. */
async function askUntilWorking(
  start: Values,
  invocation: Invocation,
  prompt: Prompt,
): Promise<Values | undefined> {
  const { home, terminal, words } = invocation;
  terminal.out(`${words.init.intro(home.configFile)}\n`);
  let values = start;
  for (;;) {
    values = await askAll(values, invocation, prompt);
    if (await isWorking(values, invocation)) return values;
    const answer = (await prompt.ask(words.init.notAllRight)) ?? '';
    if (YES.test(answer)) return values;
    if (!/^(c|change|改)$/i.test(answer)) return undefined;
  }
}

function readValues(file: string): Values | undefined {
  try {
    const value: unknown = JSON.parse(
      readPlainFile(file)
        .toString('utf8')
        .replace(/^\ufeff/, ''),
    );
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Values)
      : undefined;
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    return undefined;
  }
}

async function agrees(prompt: Prompt, question: string): Promise<boolean> {
  return YES.test((await prompt.ask(question)) ?? '');
}

async function askAll(start: Values, invocation: Invocation, prompt: Prompt): Promise<Values> {
  const { overrides, terminal, words } = invocation;
  const environment = secretsOf(process.env);
  const hasSecrets = SECRETS.every(key => key in environment);
  if (hasSecrets) terminal.out(`${words.init.secretsFromEnvironment}\n`);
  const values = { ...start };
  if (!hasSecrets && !('credentials' in overrides)) await offerRole(values, invocation, prompt);
  const source = String(overrides.credentials ?? values.credentials ?? 'config');
  const needsNone = hasSecrets || source !== 'config';
  for (const key of ASKED) {
    if (needsNone && SECRETS.includes(key)) delete values[key];
    else if (!(key in overrides)) await askFor(key, values, invocation, prompt);
  }
  if (!('delete_sync' in overrides)) values.delete_sync = await askToDelete(values, invocation, prompt);
  return values;
}

/** A role of the machine's own spares the file its secret. */
async function offerRole(values: Values, { words, signal }: Invocation, prompt: Prompt): Promise<void> {
  const { credentialsHere } = await import('../cos/credentials/here.ts');
  const here = await credentialsHere(process.env, signal);
  if (!here) return;
  const question = here.source === 'tke' ? words.init.podRole : words.init.machineRole(here.role);
  const answer = (await prompt.ask(question)) ?? '';
  if (answer === '' || YES.test(answer)) values.credentials = here.source;
  else delete values.credentials;
}

/** Deletion is on only where somebody wants it. @returns the switch */
async function askToDelete(values: Values, { words }: Invocation, prompt: Prompt): Promise<string> {
  const isOn = String(values.delete_sync ?? '0') === '1';
  const answer = (await prompt.ask(words.init.deleteSync(isOn))) ?? '';
  return answer === '' ? (isOn ? '1' : '0') : YES.test(answer) ? '1' : '0';
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
    const result = parseConfig(all, process.env);
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
async function isWorking(values: Values, invocation: Invocation): Promise<boolean> {
  const { home, overrides, terminal, words } = invocation;
  const result = parseConfig({ ...values, ...secretsOf(process.env) }, process.env);
  if ('faults' in result) {
    const faults = result.faults.map(fault => withSource(fault, overrides, process.env));
    throw new ConfigError(home.configFile, faults);
  }
  terminal.out(`\n${words.init.testing}\n`);
  let isFine = true;
  for await (const { status, name, message } of examineCos(result.config, invocation)) {
    terminal.out(`${status.padEnd(4)}  ${name.padEnd(11)}  ${message}\n`);
    if (status === 'fail') isFine = false;
  }
  return isFine;
}
