import type { DeleteLimit } from '../config/values.ts';
import { isFolderPath } from '../ledger/records.ts';
import type { Held, HeldReason } from './listener.ts';
import type { Plan } from './plan.ts';

/** What is left to know after the uploads: deletions depend on it. */
export interface TransferResult {
  /** Sizes in bytes of new files that did not get to COS, each with one such file. */
  failedSizes: ReadonlyMap<number, string>;
  /** Paths of gone files whose content was copied to a new key. */
  moved: Set<string>;
  /** Paths of files that could not be read. */
  unreadable: readonly string[];
}

/** A share of the ledger never holds back fewer deletions than this. */
const SHARE_FLOOR = 100;

/** Which gone files' and folders' objects may be deleted now, and which may not. */
export interface Deletions {
  files: string[];
  folders: string[];
  /** Of objects that an earlier run began, where it turns out that it made them. */
  begun: string[];
  held: Held[];
}

export interface DeletionRules {
  deleteSync: boolean;
  maxDelete: DeleteLimit;
  /** Deletes even where the scan found no file at all. */
  allowEmpty: boolean;
  /** Files that runs for changes deleted since the last full one: max_delete is for all of them together. */
  deletedBefore?: number;
}

/**
 * Decides what is deleted, after the uploads: only on evidence that is beyond doubt.
 * A moved file's old object does not count towards max_delete: its content stays in COS.
 */
export function decideDeletions(plan: Plan, transferred: TransferResult, rules: DeletionRules): Deletions {
  const decided: Deletions = { files: [], folders: [], begun: [], held: [] };
  if (!rules.deleteSync) return decided;
  const hold = (count: number, reason: HeldReason, place = '', limit = 0) =>
    count > 0 && decided.held.push({ count, reason, limit, place });

  for (const [place, count] of plan.goneOnOtherDisk) hold(count, 'otherDisk', place);
  hold(plan.doubtful, 'unreadable', plan.doubtfulPlace);
  hold(plan.displaced, 'notAFile', plan.displacedPlace);
  hold(plan.goneDuringScan.length, 'movedDuringScan', plan.goneDuringScan[0]);
  if (plan.goneForLater.length > 0) return decided;
  const { goneFiles, goneFolders, goneBegun } = plan;
  const goneCount = goneFiles.length + goneFolders.length + goneBegun.length;
  const isEmpty = plan.scannedFiles === 0 && !rules.allowEmpty;
  if (isEmpty && plan.recordedFiles > 0) {
    hold(goneCount, 'emptied');
    return decided;
  }
  const limit = limitOf(rules.maxDelete, plan.recordedFiles);
  const { deletedBefore = 0 } = rules;
  const begunFiles = goneBegun.filter(({ path }) => !isFolderPath(path));
  // A gone file that did not move may be the old place of a new one that did not get to COS.
  const notMoved = [
    ...goneFiles
      .filter(({ path }) => !transferred.moved.has(path))
      .map(({ path, size }) => ({ path, sizes: [size] })),
    ...begunFiles.map(({ path, begun }) => ({ path, sizes: begun.map(({ size }) => size) })),
  ];
  const folderCount = goneFolders.length + goneBegun.length - begunFiles.length;
  // Folder objects hold nothing, so they do not count; but 0 means none of anything.
  if ((notMoved.length > 0 && notMoved.length + deletedBefore > limit) || (limit === 0 && folderCount > 0)) {
    hold(goneCount, 'maxDelete', '', Math.max(0, limit - deletedBefore));
    return decided;
  }
  const failedOf = (size: number) => plan.failedSizes.get(size) ?? transferred.failedSizes.get(size);
  const culpritOf = ({ sizes }: { sizes: readonly number[] }) =>
    plan.unknownPlace ?? sizes.map(failedOf).find(path => path !== undefined);
  // What did not move here may have moved to where another shard did not yet send it from.
  const forShards = new Set(plan.goneForShards.filter(path => !transferred.moved.has(path)));
  hold(forShards.size, 'otherShard', [...forShards][0]);
  const awaited = new Map(
    notMoved.flatMap(gone => {
      const culprit = forShards.has(gone.path) ? undefined : culpritOf(gone);
      return culprit === undefined ? [] : [[gone.path, culprit]];
    }),
  );
  const [culprit] = awaited.values();
  hold(awaited.size, plan.unknownPlace === undefined ? 'uploadFailed' : 'unknownPlace', culprit);
  const left = (gone: readonly { path: string }[]) =>
    gone.map(({ path }) => path).filter(path => !awaited.has(path) && !forShards.has(path));
  return { ...decided, files: left(goneFiles), folders: goneFolders, begun: isEmpty ? [] : left(goneBegun) };
}

function limitOf(limit: DeleteLimit, recordedFiles: number): number {
  if ('count' in limit) return limit.count;
  // Runs for changes may together delete more files than there ever were at a time.
  if (limit.share >= 1) return Number.POSITIVE_INFINITY;
  return Math.max(SHARE_FLOOR, Math.floor(limit.share * recordedFiles));
}
