/** How buckets differ from plain ones; all of it may be changed while the server runs. */
export interface Traits {
  /** Strict signature mode: what is sent of a request's headers and parameters must be signed. */
  strictSignatures: boolean;
  /** What the account's policy denies. */
  deny: readonly Denial[];
}

export interface Denial {
  /** As in a policy, without `name/cos:`; `*` stands for any characters: `PutObject`, `Get*`. */
  action: string;
  /** Only keys below it; absent: all, and the bucket itself. */
  prefix?: string;
}

export const PLAIN: Traits = { strictSignatures: false, deny: [] };
