import type { Operation, RunListener } from './listener.ts';

/** The original's counters, under the names that scripts read. */
export interface Statistics {
  create_folder_ok: number;
  create_folder_fail: number;
  del_folder_ok: number;
  del_folder_fail: number;
  upload_file_ok: number;
  upload_file_fail: number;
  del_file_ok: number;
  del_file_fail: number;
  upload_file_skip: number;
  /** File bytes that COS confirmed. */
  upload_bytes: number;
}

const NAME_OF = {
  createFolder: 'create_folder',
  deleteFolder: 'del_folder',
  uploadFile: 'upload_file',
  deleteFile: 'del_file',
} as const satisfies Partial<Record<Operation, string>>;

type Counted = keyof typeof NAME_OF;

function isCounted(operation: Operation): operation is Counted {
  return operation in NAME_OF;
}

export function emptyStatistics(): Statistics {
  return {
    create_folder_ok: 0,
    create_folder_fail: 0,
    del_folder_ok: 0,
    del_folder_fail: 0,
    upload_file_ok: 0,
    upload_file_fail: 0,
    del_file_ok: 0,
    del_file_fail: 0,
    upload_file_skip: 0,
    upload_bytes: 0,
  };
}

/** Counts what happens in a run into `statistics`. */
export function countInto(statistics: Statistics): RunListener {
  return {
    done({ operation, bytes }) {
      if (!isCounted(operation)) return;
      statistics[`${NAME_OF[operation]}_ok`]++;
      statistics.upload_bytes += bytes;
    },
    failed({ operation }) {
      if (isCounted(operation)) statistics[`${NAME_OF[operation]}_fail`]++;
    },
    unchanged(files) {
      statistics.upload_file_skip += files;
    },
  };
}

export function failuresIn(statistics: Statistics): number {
  const { create_folder_fail, del_folder_fail, upload_file_fail, del_file_fail } = statistics;
  return create_folder_fail + del_folder_fail + upload_file_fail + del_file_fail;
}

export function successesIn(statistics: Statistics): number {
  const { create_folder_ok, del_folder_ok, upload_file_ok, del_file_ok } = statistics;
  return create_folder_ok + del_folder_ok + upload_file_ok + del_file_ok;
}
