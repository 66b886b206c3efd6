import { CosError } from './errors.ts';
import type { KeptHeaders, StoredObject } from './records.ts';

interface Thaw {
  /** ms since 1970: asked for, readable from, and readable until. */
  asked: number;
  ready: number;
  expires: number;
  tier: string;
}

const DAY = 24 * 3600 * 1000;

/** Whether a class must be thawed before it can be read. */
function isArchived(headers: KeptHeaders): boolean {
  return /^(MAZ_)?(DEEP_)?ARCHIVE$/.test(headers['x-cos-storage-class'] ?? '');
}

/**
 * The copies of archived objects that POST Object restore makes readable for some days. They are forgotten when
 * the server ends. Source: cloud.tencent.com/document/product/436/12633.
 */
export class Thaws {
  readonly #thaws = new Map<string, Thaw>();

  /**
   * @param time how long thawing takes, in ms
   * @returns whether a copy is there already, whose days are counted anew
   * @throws CosError RestoreNonArchiveObject, RestoreAlreadyInProgress
   */
  ask(
    key: string,
    object: StoredObject,
    { days, tier }: { days: number; tier: string },
    time: number,
  ): boolean {
    if (!isArchived(object.headers)) throw new CosError('RestoreNonArchiveObject');
    const asked = Date.now();
    const before = this.#find(key, object);
    if (before && before.ready > asked) throw new CosError('RestoreAlreadyInProgress');
    const ready = before ? before.ready : asked + time;
    this.#thaws.set(nameOf(key, object), {
      asked,
      ready,
      expires: Math.max(asked, ready) + days * DAY,
      tier,
    });
    return before !== undefined;
  }

  /** What GET and HEAD Object tell of it. */
  headersOf(key: string, object: StoredObject): KeptHeaders {
    const thaw = this.#find(key, object);
    if (!thaw) return {};
    if (thaw.ready <= Date.now()) {
      const expiry = new Date(thaw.expires).toUTCString();
      return { 'x-cos-restore': `ongoing-request="false", expiry-date="${expiry}"` };
    }
    const asked = new Date(thaw.asked).toUTCString();
    return {
      'x-cos-restore': 'ongoing-request="true"',
      'x-cos-restore-status': `tier="${thaw.tier.toLowerCase()}"; request-date="${asked}"`,
    };
  }

  /** @throws CosError InvalidObjectState when an object is archived and not thawed */
  checkReadable(key: string, object: StoredObject): void {
    if (!isArchived(object.headers)) return;
    const thaw = this.#find(key, object);
    if (thaw && thaw.ready <= Date.now()) return;
    const { 'x-cos-storage-class': storageClass } = object.headers;
    throw new CosError('InvalidObjectState', undefined, { 'x-cos-storage-class': storageClass });
  }

  #find(key: string, object: StoredObject): Thaw | undefined {
    const thaw = this.#thaws.get(nameOf(key, object));
    return thaw && thaw.expires > Date.now() ? thaw : undefined;
  }
}

/** Tells an object from others of its key, and from its own successors. */
function nameOf(key: string, { version, modified }: StoredObject): string {
  return JSON.stringify([key, version, modified]);
}
