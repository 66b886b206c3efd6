/** The `index`-th (from 0) of `count` parts that a folder is divided into. */
export type Shard = { readonly index: number; readonly count: number };

/** As it is written in the configuration and in a ledger: `0/4`. */
export function shardText({ index, count }: Shard): string {
  return `${index}/${count}`;
}
