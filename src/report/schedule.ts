import type { Step } from '../schedule/job.ts';
import type { Words } from './words/words.ts';

/** Steps as text: each file and command under a comment line, so that it can be pasted as it is. */
export function stepsText(steps: readonly Step[], { schedule }: Words): string {
  return steps.map(textOf).join('\n');

  function textOf(step: Step): string {
    if (step.do === 'run') return `# ${schedule.run}\n${step.command.map(displayed).join(' ')}\n`;
    if (step.do === 'write') return `# ${schedule.write(step.path, encodingOf(step))}\n${visible(step.text)}`;
    if (step.do === 'delete') return `# ${schedule.delete(step.path)}\n`;
    return `# ${schedule.crontab}\n${step.line ?? ''}\n`;
  }
}

function encodingOf({ encoding }: { encoding: 'utf8' | 'utf16le' }): string {
  return encoding === 'utf8' ? 'UTF-8' : 'UTF-16LE';
}

/** A file's text on a terminal: without its byte order mark and with the terminal's line ends. */
function visible(text: string): string {
  return text.replace(/^\ufeff/, '').replaceAll('\r\n', '\n');
}

function displayed(word: string): string {
  return /\s/.test(word) ? `"${word}"` : word;
}
