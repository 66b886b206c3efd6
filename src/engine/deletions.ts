import type { DeleteLimit } from '../config/values.ts';
import type { FileRecord } from '../ledger/codec.ts';
import type { HeldReason } from './listener.ts';
import type { Plan } from './plan.ts';
import type { TransferResult } from './transfer.ts';

/** A share of the ledger never holds back fewer deletions than this. */
const SHARE_FLOOR = 100;

/** Which gone files' and folders' objects may be deleted now, and which may not. */
export interface Deletions {
  files: string[];
  folders: string[];
  /** Of objects that an earlier run began, where it turns out that it made them. */
  begun: string[];
  held: { count: number; reason: HeldReason; limit: number }[];
}

export interface DeletionRules {
  deleteSync: boolean;
  maxDelete: DeleteLimit;
  /** Deletes even where the scan found no file at all. */
  allowEmpty: boolean;
}

/**
 * Decides what is deleted, after the uploads: only on evidence that is beyond doubt.
 * A moved file's old object does not count towards max_delete: its content stays in COS.
 */
export function decideDeletions(plan: Plan, transferred: TransferResult, rules: DeletionRules): Deletions {
  const decided: Deletions = { files: [], folders: [], begun: [], held: [] };
  if (!rules.deleteSync) return decided;
  const hold = (count: number, reason: HeldReason, limit = 0) =>
    count > 0 && decided.held.push({ count, reason, limit });

  hold(plan.doubtful, 'unreadable');
  const { goneFiles, goneFolders } = plan;
  if (plan.scannedFiles === 0 && plan.recordedFiles > 0 && !rules.allowEmpty) {
    hold(goneFiles.length + goneFolders.length, 'emptied');
    return decided;
  }
  const limit = limitOf(rules.maxDelete, plan.recordedFiles);
  const counted = goneFiles.filter(({ path }) => !transferred.moved.has(path));
  // Folder objects hold nothing, so they do not count; but 0 means none of anything.
  if (counted.length > limit || (limit === 0 && goneFolders.length > 0)) {
    hold(goneFiles.length + goneFolders.length, 'maxDelete', limit);
    return decided;
  }
  // A gone file may be the old place of a new one that did not get to COS.
  const mayBeAwaited = goneFiles.filter(({ path }) => !transferred.moved.has(path));
  const isFailed = ({ size }: FileRecord) => plan.failedSizes.has(size) || transferred.failedSizes.has(size);
  const awaited = new Set(plan.hasUnknownPlace ? mayBeAwaited : mayBeAwaited.filter(isFailed));
  hold(awaited.size, plan.hasUnknownPlace ? 'unknownPlace' : 'uploadFailed');
  decided.files = goneFiles.filter(record => !awaited.has(record)).map(({ path }) => path);
  decided.folders = goneFolders;
  if (limit > 0 && (plan.scannedFiles > 0 || rules.allowEmpty)) decided.begun = plan.goneBegun;
  return decided;
}

function limitOf(limit: DeleteLimit, recordedFiles: number): number {
  if ('count' in limit) return limit.count;
  return Math.max(SHARE_FLOOR, Math.floor(limit.share * recordedFiles));
}
