import type { Explanation } from '../engine/explain.ts';
import type { Exclusion } from '../engine/local/filter.ts';
import { describe } from './describe.ts';
import { printable } from './printable.ts';
import { grouped } from './units.ts';
import type { Words } from './words/words.ts';

/** What a run would do with a path, and why, as one sentence. */
export function explanationText(explanation: Explanation, words: Words): string {
  const { explain } = words;
  switch (explanation.verdict) {
    case 'excluded': {
      const why = exclusionText(explanation.exclusion, words);
      return explanation.isRecorded ? `${why}${explain.and}${explain.stays}` : why;
    }
    case 'upload':
      return explanation.why === 'otherSize'
        ? explain.uploads.otherSize(grouped(explanation.from), grouped(explanation.to))
        : explain.uploads[explanation.why];
    case 'copy':
      return explain.copy(explanation.from);
    case 'createFolder':
      return explain.createFolder;
    case 'unchanged':
      return explain.unchanged[explanation.why];
    case 'delete':
      return explain.deletes;
    case 'held':
      return explain.held(
        explanation.held
          .map(({ count, reason, limit, place }) => words.held[reason](count, limit, printable(place)))
          .join(explain.and),
      );
    case 'kept':
      return explain.kept;
    case 'nowhere':
      return explain.nowhere;
    default: {
      const { code, message } = describe(explanation.failure, words);
      return explain[explanation.verdict](`code: ${code}, ${message}`);
    }
  }
}

function exclusionText(exclusion: Exclusion, { explain }: Words): string {
  if (exclusion.by === 'ownFolder') return explain.ownFolder(exclusion.folder);
  if (exclusion.by === 'ownFile') return explain.ownFile(exclusion.file);
  if (exclusion.by === 'systemFolder') return explain.systemFolder(exclusion.folder);
  return exclusion.by === 'include'
    ? explain.notIncluded
    : explain.excluded(exclusion.pattern, exclusion.matched);
}

/** The same for programs; a failure as in the summary of a run. */
export function explanationJson(path: string, explanation: Explanation, words: Words) {
  if (!('failure' in explanation)) return { path, ...explanation };
  return { path, verdict: explanation.verdict, ...describe(explanation.failure, words) };
}
