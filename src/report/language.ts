import { type Language, languageNamed } from '../config/language.ts';
import type { Call } from './words/call.ts';
import { en } from './words/en.ts';
import type { Words } from './words/words.ts';
import { zh } from './words/zh.ts';

const WORDS: Readonly<Record<Language, (call: Call) => Words>> = { en, zh };

/**
 * The words of the first language given that there is; else of the system's locale; else English.
 * @param call how the commands in them are typed here
 */
export function wordsFor(call: Call, ...choices: readonly (string | undefined)[]): Words {
  for (const choice of [...choices, systemLocale()]) {
    const language = languageNamed(choice ?? '');
    if (language) return WORDS[language](call);
  }
  return en(call);
}

function systemLocale(): string {
  const { LC_ALL, LC_MESSAGES, LANG } = process.env;
  const locale = LC_ALL || LC_MESSAGES || LANG;
  if (locale) return locale;
  // Windows has no such variables; there the locale is the system's own.
  return process.platform === 'win32' ? Intl.DateTimeFormat().resolvedOptions().locale : '';
}
