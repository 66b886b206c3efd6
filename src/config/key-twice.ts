/** A key of which JSON takes the last value, whatever the ones before say. */
export interface KeyTwice {
  key: string;
  /** Of the value that counts, from 1. */
  line: number;
}

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]/g;

/** The keys of a JSON object that it gives more than once with different values. @param text valid JSON */
export function keysGivenTwice(text: string): KeyTwice[] {
  const found = new Map<string, KeyTwice>();
  const values = new Map<string, string>();
  for (const { key, value, at } of membersOf(text)) {
    const before = values.get(key);
    if (before !== undefined && before !== value) {
      found.set(key, { key, line: text.slice(0, at).split('\n').length });
    }
    values.set(key, value);
  }
  return [...found.values()];
}

interface Member {
  key: string;
  /** In one spelling. */
  value: string;
  /** Where the value begins in the text. */
  at: number;
}

function* membersOf(text: string): Generator<Member> {
  let depth = 0;
  let key: string | undefined;
  let string = '';
  let start = 0;
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    if (token === '{' || token === '[') depth++;
    if (token === '}' || token === ']') depth--;
    if (key !== undefined && (depth === 0 || (depth === 1 && token === ','))) {
      yield { key, value: JSON.stringify(JSON.parse(text.slice(start, index))), at: start };
      key = undefined;
    } else if (depth === 1 && token === ':') {
      key = JSON.parse(string) as string;
      start = index + 1;
    } else if (depth === 1) string = token;
  }
}
