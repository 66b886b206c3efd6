import { LARGE_FILE } from '../../engine/large-files.ts';
import type { RunListener, Started } from '../../engine/listener.ts';
import { createThroughput, type Throughput } from './throughput.ts';
import { createWork, secondsFor, type Work } from './work.ts';

/** ms over which speed is told */
const SPEED_WINDOW = 10_000;
/** What a small operation counts beside its bytes, and a deletion, which shares its request with many. */
const OPERATION_COST = 32 * 1024;
const DELETION_COST = 1024;

export interface Tally {
  done: number;
  total: number;
}

/** How far a run is at one moment. */
export interface Snapshot {
  phase: 'scanning' | 'working';
  /** More may be found: how much of the work is done, and what is left of it, cannot be told. */
  isScanning: boolean;
  /** Files and folders found so far. */
  scanned: number;
  files: Tally;
  deletions: Tally;
  bytes: Tally;
  /** Of the work, from 0 to 1. */
  share: number;
  bytesPerSecond: number;
  /** undefined while it cannot be told */
  secondsLeft: number | undefined;
  inFlight: number;
  /** The operation that is under way for longest, and bytes sent of it. */
  oldest: { path: string; sent: number; bytes: number } | undefined;
  failures: number;
  retries: number;
}

/** Follows a run. */
export interface ProgressState {
  listener: RunListener;
  snapshot(): Snapshot;
}

interface UnderWay extends Started {
  sent: number;
  /** ms; what is sent next was on its way since then */
  since: number;
  /** ms */
  startedAt: number;
  hasFailed: boolean;
}

/** @param clock ms */
export function createProgressState(clock: () => number): ProgressState {
  const files: Tally = { done: 0, total: 0 };
  const deletions: Tally = { done: 0, total: 0 };
  const underWay = new Map<string, UnderWay>();
  // Bytes of large files take bandwidth, all else takes round trips: the pace of one says nothing of the other's.
  const [large, small] = [createWork(), createWork()];
  let [scanned, failures, retries, bytesTotal, bytesDone] = [0, 0, 0, 0, 0];
  let speed: Throughput | undefined;
  let shown = 0;
  let isScanning = true;

  function countDeletion(operation: Started['operation']): void {
    if (!isDeletion(operation)) return;
    deletions.done++;
    small.advance(DELETION_COST, clock(), clock());
  }

  function transferOf(path: string): UnderWay | undefined {
    return underWay.get(`uploadFile${path}`) ?? underWay.get(`downloadFile${path}`);
  }

  const listener: RunListener = {
    scanned(entries) {
      scanned = entries;
    },
    planned({ files: more, folders, deletions: gone, bytes, large: ofThem, isPartial = false }) {
      isScanning = isPartial;
      speed ??= createThroughput(SPEED_WINDOW, clock());
      files.total += more;
      deletions.total += gone;
      bytesTotal += bytes;
      const { files: largeFiles, bytes: largeBytes } = ofThem ?? { files: 0, bytes: 0 };
      large.add(largeBytes);
      small.add((more - largeFiles + folders) * OPERATION_COST + bytes - largeBytes + gone * DELETION_COST);
      shown = 0;
    },
    started(started) {
      const now = clock();
      const { operation, path } = started;
      underWay.set(operation + path, { ...started, sent: 0, since: now, startedAt: now, hasFailed: false });
      kindOf(started).begin(now);
    },
    resumed(path, { bytes }) {
      const transfer = transferOf(path);
      if (!transfer) return;
      transfer.sent += bytes;
      if (isLarge(transfer)) large.skip(bytes);
    },
    sent(bytes, path) {
      const now = clock();
      const transfer = transferOf(path);
      speed?.add(bytes, transfer?.since ?? now, now);
      if (!transfer) return;
      // Repeated tries send more bytes than there are.
      const more = Math.max(0, Math.min(bytes, transfer.bytes - transfer.sent));
      if (isLarge(transfer)) large.advance(more, transfer.since, now);
      transfer.sent += bytes;
      transfer.since = now;
    },
    ended(operation, path) {
      const now = clock();
      const ended = underWay.get(operation + path);
      if (!ended) return;
      underWay.delete(operation + path);
      if (!isDeletion(operation)) finish(ended, now);
      kindOf(ended).end(now);
    },
    done: ({ operation }) => countDeletion(operation),
    failed({ operation, path }) {
      failures++;
      countDeletion(operation);
      const failed = underWay.get(operation + path);
      if (failed) failed.hasFailed = true;
    },
    retried() {
      retries++;
    },
  };

  function kindOf(started: Started): Work {
    return isLarge(started) ? large : small;
  }

  function finish(ended: UnderWay, now: number): void {
    const { operation, bytes, sent, since, startedAt, hasFailed } = ended;
    if (operation !== 'createFolder') files.done++;
    bytesDone += bytes;
    const unsent = Math.max(0, bytes - sent);
    if (!isLarge(ended)) small.advance(bytes + OPERATION_COST, startedAt, now);
    else if (hasFailed) large.skip(unsent);
    else large.advance(unsent, since, now);
  }

  /** In time where the pace of all work is known, else in bytes. It never goes back. */
  function shareAt(now: number): number {
    const total = secondsFor([large, small], now, work => work.total());
    const left = secondsFor([large, small], now, work => work.total() - work.done());
    const inTime = total && left !== undefined ? 1 - left / total : undefined;
    const inBytes = (large.done() + small.done()) / (large.total() + small.total() || 1);
    shown = Math.max(shown, Math.min(1, inTime ?? inBytes));
    return shown;
  }

  function snapshot(): Snapshot {
    const now = clock();
    const [oldest] = underWay.values();
    let bytes = bytesDone;
    for (const { sent, bytes: size } of underWay.values()) bytes += Math.min(sent, size);
    return {
      phase: speed ? 'working' : 'scanning',
      isScanning,
      scanned,
      files: { ...files },
      deletions: { ...deletions },
      bytes: { done: bytes, total: bytesTotal },
      share: shareAt(now),
      bytesPerSecond: speed?.perSecond(now) ?? 0,
      secondsLeft: isScanning
        ? undefined
        : secondsFor([large, small], now, work => work.total() - work.done()),
      inFlight: underWay.size,
      oldest: oldest && { path: oldest.path, sent: Math.min(oldest.sent, oldest.bytes), bytes: oldest.bytes },
      failures,
      retries,
    };
  }

  return { listener, snapshot };
}

function isLarge({ bytes }: Started): boolean {
  return bytes >= LARGE_FILE;
}

function isDeletion(operation: Started['operation']): boolean {
  return operation === 'deleteFile' || operation === 'deleteFolder';
}
