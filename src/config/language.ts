import { readPlainFile } from './plain-file.ts';

export const LANGUAGES = ['en', 'zh'] as const;

export type Language = (typeof LANGUAGES)[number];

/** The language that a name or a locale stands for: `zh`, `zh-CN`, `zh_CN.UTF-8`. */
export function languageNamed(name: string): Language | undefined {
  const [language] = name
    .trim()
    .toLowerCase()
    .split(/[-_.@]/);
  return LANGUAGES.find(known => known === language);
}

/**
 * The language that a configuration asks for, read before anything else is known of it:
 * its faults are told in its language, as far as that can be made out.
 */
export function languageInConfig(file: string): string | undefined {
  try {
    const config: unknown = JSON.parse(
      readPlainFile(file)
        .toString('utf8')
        .replace(/^\ufeff/, ''),
    );
    return String((config as { lang?: unknown }).lang ?? '');
  } catch {
    return undefined;
  }
}
