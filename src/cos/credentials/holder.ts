import { type Failure, stopped, withDetails } from '../../failure.ts';
import type { Credentials, CredentialsHolder, CredentialsSource, Fetched } from './credentials.ts';

/** Credentials are renewed so many ms before they expire, or at half of a shorter life. */
const AHEAD = 10 * 60_000;
/** A source that knows no time, or whose time is past by this machine's clock, is believed for so long, in ms. */
const ASSUMED_LIFE = 60_000;
/** Pause after a failed renewal, in ms; doubles with each. */
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 30_000;
/** What is younger than this, in ms, is not renewed because COS refuses it: the source has no other. */
const TOO_YOUNG = 1_000;

interface Held extends Fetched {
  since: number;
  renewAt: number;
  expiresAt: number;
}

/**
 * Holds what a source gives, and renews it ahead of its end: one renewal for all that wait for it. While the old
 * one lives nothing waits, and a failed renewal is tried again.
 * @param now ms since 1970
 */
export function holdCredentials(
  source: CredentialsSource,
  signal: AbortSignal,
  now: () => number = Date.now,
): CredentialsHolder {
  let held: Held | undefined;
  let renewal: Promise<Credentials> | undefined;
  let failures = 0;
  let lastFailure: Failure | undefined;
  let retryAt = 0;

  function renew(): Promise<Credentials> {
    renewal ??= source
      .fetch(signal)
      .then(taken, failed)
      .finally(() => {
        renewal = undefined;
      });
    return renewal;
  }

  function taken(fetched: Fetched): Credentials {
    failures = 0;
    lastFailure = undefined;
    // Who holds the same ones already goes on with them.
    const isSame = held !== undefined && areSame(held.credentials, fetched.credentials);
    const credentials = isSame ? (held as Held).credentials : fetched.credentials;
    held = {
      ...fetched,
      credentials,
      since: isSame ? (held as Held).since : now(),
      ...timesOf(fetched, now()),
    };
    return credentials;
  }

  function failed(failure: Failure): never {
    if (signal.aborted) throw stopped(failure);
    // What worked once may work again: such a failure is worth another try.
    lastFailure = held && failure.kind === 'refused' ? withDetails(failure, {}, 'unreachable') : failure;
    retryAt = now() + Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** failures++);
    throw lastFailure;
  }

  return {
    current() {
      const time = now();
      if (held && time < held.renewAt) return held.credentials;
      if (held && time < held.expiresAt) {
        if (!renewal && time >= retryAt) renew().catch(() => {});
        return held.credentials;
      }
      return !renewal && lastFailure && time < retryAt ? Promise.reject(lastFailure) : renew();
    },

    async renewed(used) {
      if (held && held.credentials !== used) return held.credentials;
      if (!renewal && held && now() - held.since < TOO_YOUNG) return undefined;
      const credentials = await renew();
      return credentials === used ? undefined : credentials;
    },

    about: () => ({ role: held?.role, expires: held?.life === undefined ? undefined : held.expiresAt }),
  };
}

function timesOf({ life }: Fetched, time: number): { renewAt: number; expiresAt: number } {
  // A command that names no time is asked again when COS takes its credentials no longer.
  if (life === undefined) return { renewAt: Number.POSITIVE_INFINITY, expiresAt: Number.POSITIVE_INFINITY };
  // By this machine's clock they are past: it may be wrong, and COS knows.
  const believed = life > 0 ? life : ASSUMED_LIFE;
  return { renewAt: time + believed - Math.min(AHEAD, believed / 2), expiresAt: time + believed };
}

function areSame(one: Credentials, other: Credentials): boolean {
  return one.secretId === other.secretId && one.secretKey === other.secretKey && one.token === other.token;
}

/**
 * Holds those that a configuration names.
 * @param reread reads it again: undefined where that cannot be done
 */
export function holdFixed(
  given: Credentials,
  reread: () => Credentials | undefined = () => undefined,
): CredentialsHolder {
  let held = given;
  return {
    current: () => held,
    async renewed(used) {
      if (held !== used) return held;
      const anew = reread();
      if (!anew || areSame(anew, held)) return undefined;
      held = anew;
      return held;
    },
    about: () => ({ role: undefined, expires: undefined }),
  };
}
