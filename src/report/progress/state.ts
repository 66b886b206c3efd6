import type { RunListener, Started } from '../../engine/listener.ts';
import { createThroughput, type Throughput } from './throughput.ts';

/** ms over which speed is told, and over which the time left is reckoned */
const SPEED_WINDOW = 10_000;
const PACE_WINDOW = 30_000;
/** ms of work before the time left is told */
const PACE_KNOWN_AFTER = 3_000;
/** What an operation costs beside its bytes, in bytes: a round trip on a usual connection. */
const OPERATION_COST = 256 * 1024;
const DELETION_COST = 1024;

export interface Tally {
  done: number;
  total: number;
}

/** How far a run is at one moment. */
export interface Snapshot {
  phase: 'scanning' | 'working';
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
}

/** @param clock ms */
export function createProgressState(clock: () => number): ProgressState {
  const files: Tally = { done: 0, total: 0 };
  const deletions: Tally = { done: 0, total: 0 };
  const underWay = new Map<string, UnderWay>();
  let [scanned, failures, retries, folders, foldersDone, bytesTotal, bytesDone] = [0, 0, 0, 0, 0, 0, 0];
  let speed: Throughput | undefined;
  let pace: Throughput | undefined;
  let startedAt = 0;

  const costDone = (bytes: number) =>
    bytes + (files.done + foldersDone) * OPERATION_COST + deletions.done * DELETION_COST;
  const costTotal = () =>
    bytesTotal + (files.total + folders) * OPERATION_COST + deletions.total * DELETION_COST;

  function countDeletion(operation: Started['operation']): void {
    if (operation !== 'deleteFile' && operation !== 'deleteFolder') return;
    deletions.done++;
    pace?.add(DELETION_COST, clock(), clock());
  }

  const listener: RunListener = {
    scanned(entries) {
      scanned = entries;
    },
    planned(more) {
      if (!speed) {
        startedAt = clock();
        speed = createThroughput(SPEED_WINDOW, startedAt);
        pace = createThroughput(PACE_WINDOW, startedAt);
      }
      files.total += more.files;
      folders += more.folders;
      deletions.total += more.deletions;
      bytesTotal += more.bytes;
    },
    started(started) {
      underWay.set(started.operation + started.path, { ...started, sent: 0, since: clock() });
    },
    sent(bytes, path) {
      const now = clock();
      const upload = underWay.get(`uploadFile${path}`) ?? underWay.get(`downloadFile${path}`);
      speed?.add(bytes, upload?.since ?? now, now);
      if (!upload) return;
      // Repeated tries send more bytes than there are.
      pace?.add(Math.max(0, Math.min(bytes, upload.bytes - upload.sent)), upload.since, now);
      upload.sent += bytes;
      upload.since = now;
    },
    ended(operation, path) {
      const ended = underWay.get(operation + path);
      underWay.delete(operation + path);
      if (!ended || operation === 'deleteFile' || operation === 'deleteFolder') return;
      if (operation === 'uploadFile' || operation === 'downloadFile') files.done++;
      else foldersDone++;
      bytesDone += ended.bytes;
      pace?.add(Math.max(0, ended.bytes - ended.sent) + OPERATION_COST, ended.since, clock());
    },
    done: ({ operation }) => countDeletion(operation),
    failed({ operation }) {
      failures++;
      countDeletion(operation);
    },
    retried() {
      retries++;
    },
  };

  function snapshot(): Snapshot {
    const now = clock();
    const [oldest] = underWay.values();
    let bytes = bytesDone;
    for (const { sent, bytes: size } of underWay.values()) bytes += Math.min(sent, size);
    const total = costTotal();
    const left = total - costDone(bytes);
    const unitsPerSecond = now - startedAt < PACE_KNOWN_AFTER ? 0 : (pace?.perSecond(now) ?? 0);
    return {
      phase: speed ? 'working' : 'scanning',
      scanned,
      files: { ...files },
      deletions: { ...deletions },
      bytes: { done: bytes, total: bytesTotal },
      share: total === 0 ? 0 : Math.min(1, costDone(bytes) / total),
      bytesPerSecond: speed?.perSecond(now) ?? 0,
      secondsLeft: unitsPerSecond > 0 ? left / unitsPerSecond : undefined,
      inFlight: underWay.size,
      oldest: oldest && { path: oldest.path, sent: Math.min(oldest.sent, oldest.bytes), bytes: oldest.bytes },
      failures,
      retries,
    };
  }

  return { listener, snapshot };
}
