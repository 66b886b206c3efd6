import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CosError } from './errors.ts';

export interface KeyPair {
  secretId: string;
  secretKey: string;
}

export interface TemporaryKeys extends KeyPair {
  token: string;
  /** ms since 1970 */
  expires: number;
}

/** The key pairs that a server accepts: its own, and temporary ones that go with a token. */
export class Keys {
  #own: KeyPair;
  readonly #temporary = new Map<string, TemporaryKeys>();

  constructor(own: KeyPair) {
    this.#own = own;
  }

  /** Makes a temporary pair, as STS does. @param life in ms */
  issue(life: number): TemporaryKeys {
    const keys = { ...newPair(), token: randomText(48), expires: Date.now() + life };
    this.#temporary.set(keys.secretId, keys);
    return keys;
  }

  /** Puts a new pair in the place of the server's own, which counts no more. */
  replaceOwn(): KeyPair {
    this.#own = newPair();
    return this.#own;
  }

  /**
   * The secret key that belongs to an ID.
   * @param token what came with the request
   * @throws CosError InvalidAccessKeyId (as COS says also where the token is missing), ExpiredToken
   */
  secretKeyOf(id: string | undefined, token: string | undefined): string {
    if (id === this.#own.secretId) return this.#own.secretKey;
    const keys = this.#temporary.get(id ?? '');
    if (!keys || keys.token !== token) throw new CosError('InvalidAccessKeyId');
    if (keys.expires <= Date.now()) throw new CosError('ExpiredToken');
    return keys.secretKey;
  }
}

/** The key pair of a folder: made once, at random, so that nobody knows it who cannot read the folder. */
export function keysOfFolder(dir: string): KeyPair {
  const file = join(dir, '.local-cos', 'keys.json');
  const known = readPair(file);
  if (known) return known;
  const pair = newPair();
  mkdirSync(join(dir, '.local-cos'), { recursive: true });
  writeFileSync(file, JSON.stringify(pair), { mode: 0o600 });
  return pair;
}

function readPair(file: string): KeyPair | undefined {
  try {
    const { secretId, secretKey } = JSON.parse(readFileSync(file, 'utf8')) as Partial<KeyPair>;
    return secretId && secretKey ? { secretId, secretKey } : undefined;
  } catch {
    return undefined;
  }
}

function newPair(): KeyPair {
  return { secretId: `AKID${randomText(32)}`, secretKey: randomText(32) };
}

function randomText(length: number): string {
  return randomBytes(length).toString('hex').slice(0, length);
}
