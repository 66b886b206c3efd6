/** The `index`-th (from 0) of `count` parts that a folder is divided into. */
export type Shard = { readonly index: number; readonly count: number };

/** As it is written in the configuration and in a ledger: `0/4`. */
export function shardText({ index, count }: Shard): string {
  return `${index}/${count}`;
}

/** The shard of such a text; the whole folder is the only part of one. */
export function shardIn(text = '0/1'): Shard {
  const [index, count] = text.split('/').map(Number);
  return { index: index ?? 0, count: count ?? 1 };
}
