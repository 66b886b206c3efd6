import { Failure } from '../../failure.ts';
import { createDenials } from './denials.ts';

/** This many deletions denied in a row, before anything succeeded, mean that all will be. */
const DENIED_LIMIT = 10;
/** This many operations given up in a row, with no answer in between, mean that the connection is gone. */
const UNREACHABLE_LIMIT = 10;

/** What a policy may allow in one folder and not in another, and one and not the other. */
type InFolder = 'createFolder' | 'uploadFile' | 'downloadFile';

/** Notices when no further operation can succeed, in a folder or at all. */
export interface Breaker {
  /** COS answered a request, whatever it said. */
  answered(): void;
  /** An operation succeeded; where it was one of those, at its path. */
  succeeded(operation?: InFolder, path?: string): void;
  failed(failure: Failure, operation?: InFolder, path?: string): void;
  /** @throws Failure (denied) where enough was denied around a path to spare COS the request */
  allow(operation: InFolder, path: string): void;
  /** To be called at the end: a run in which every operation was denied was refused as a whole. */
  finish(): void;
  /** Why the run was stopped, once it was. */
  readonly reason: Failure | undefined;
  /** Whether anything succeeded. */
  readonly anySuccess: boolean;
}

/** @param stop is called once, when no further operation can succeed */
export function createBreaker(threads: number, stop: () => void): Breaker {
  const denials = {
    createFolder: createDenials(),
    uploadFile: createDenials(),
    downloadFile: createDenials(),
  };
  let anySuccess = false;
  let anyAnswer = false;
  let denied = 0;
  let unreachable = 0;
  let reason: Failure | undefined;
  let lastDenial: Failure | undefined;
  let otherFailures = 0;

  function isHopeless({ kind }: Failure, operation: InFolder | undefined): boolean {
    if (kind === 'refused') return true;
    if (kind === 'denied') {
      if (anySuccess) return false;
      if (!operation) return ++denied >= DENIED_LIMIT;
      // Folders alone may be denied.
      return denials[operation === 'createFolder' ? 'uploadFile' : operation].isHopelessAnywhere();
    }
    if (kind !== 'unreachable') return false;
    unreachable++;
    return !anyAnswer || unreachable >= Math.max(UNREACHABLE_LIMIT, threads);
  }

  return {
    answered() {
      anyAnswer = true;
      unreachable = 0;
    },
    succeeded(operation, path) {
      anySuccess = true;
      denied = 0;
      if (operation && path !== undefined) denials[operation].allowed(path);
    },
    failed(failure, operation, path) {
      if (failure.code === FOLDER_DENIED) return;
      if (failure.kind !== 'denied') otherFailures++;
      else {
        lastDenial = failure;
        if (operation && path !== undefined) denials[operation].denied(path);
      }
      if (reason || !isHopeless(failure, operation)) return;
      reason = failure;
      stop();
    },
    allow(operation, path) {
      if (!denials[operation].isHopeless(path)) return;
      throw new Failure('denied', { code: FOLDER_DENIED, cause: lastDenial });
    },
    finish() {
      if (!anySuccess && otherFailures === 0) reason ??= lastDenial;
    },
    get reason() {
      return reason;
    },
    get anySuccess() {
      return anySuccess;
    },
  };
}

const FOLDER_DENIED = 'FolderDenied';
