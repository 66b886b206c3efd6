/** How buckets differ from plain ones; all of it may be changed while the server runs. */
export interface Traits {
  /** Strict signature mode: what is sent of a request's headers and parameters must be signed. */
  strictSignatures: boolean;
  /** What the account's policy denies. */
  deny: readonly Denial[];
  /** The encryption of objects that ask for none. */
  encryption: 'AES256' | 'cos/kms' | undefined;
  /** MAZ: a bucket of several zones. OFS: one with metadata acceleration, a file system. */
  kind: 'MAZ' | 'OFS' | undefined;
  /** Listings show objects as they were so many ms ago. */
  listingLag: number;
  /** How long POST Object restore takes to thaw an archived object, in ms. */
  thawTime: number;
}

export interface Denial {
  /** As in a policy, without `name/cos:`; `*` stands for any characters: `PutObject`, `Get*`. */
  action: string;
  /** Only keys below it; absent: all, and the bucket itself. */
  prefix?: string;
}

export const PLAIN: Traits = {
  strictSignatures: false,
  deny: [],
  encryption: undefined,
  kind: undefined,
  listingLag: 0,
  thawTime: 5000,
};
