import type { Words } from '../../report/words/words.ts';
import { bashScript } from './bash.ts';
import { fishScript } from './fish.ts';
import { placesOf } from './places.ts';
import { powershellScript } from './powershell.ts';
import { zshScript } from './zsh.ts';

/** The script that lets a shell complete the program's commands and options. */
export function completionScript(shell: string, words: Words): string {
  const places = placesOf(words);
  if (shell === 'zsh') return zshScript(places);
  if (shell === 'fish') return fishScript(places);
  return shell === 'powershell' ? powershellScript(places) : bashScript(places);
}
