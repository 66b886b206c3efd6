import type { CAC } from 'cac';
import type { Words } from '../report/words/words.ts';

/** Gives cac's own words, the headings above all, in the user's language. Called once all is declared. */
export function translateHelp(cli: CAC, { help }: Words): void {
  cli.help(sections =>
    sections
      // It repeats every command with --help behind it.
      .filter(({ title = '' }) => !title.startsWith('For more info'))
      .map(section => {
        const title = section.title && (help.headings[section.title] ?? section.title);
        const body = section.body
          // The command without a name is sync, which is listed too; cac takes --no-… for a default.
          .replaceAll(/^ {4,}.*\n/gm, '')
          .replaceAll(/( \(default: true\))?[ \t]*$/gm, '');
        return title === undefined ? { body } : { title, body };
      }),
  );
  for (const option of cli.globalCommand.options) {
    if (option.name === 'help') option.description = help.help;
    if (option.name === 'version') option.description = help.version;
  }
}
