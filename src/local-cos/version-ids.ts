const LARGEST = 2n ** 64n - 1n;
const PER_MS = 1_000_000n;

/** Makes version IDs as COS's are: a number that falls with time, in base64. */
export class VersionIds {
  #last = LARGEST;

  /** One that no version has yet. */
  next(): string {
    const byTime = LARGEST - BigInt(Date.now()) * PER_MS;
    this.#last = byTime < this.#last ? byTime : this.#last - 1n;
    return Buffer.from(String(this.#last)).toString('base64').replace(/=+$/, '');
  }
}
