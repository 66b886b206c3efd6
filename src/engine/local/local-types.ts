import { realpathSync, statfsSync } from 'node:fs';

/** File systems on disks of this machine, or in its memory. Source: linux/magic.h and statfs(2). */
const LOCAL_TYPES = new Set([
  0xef53, // ext2, ext3, ext4
  0x58465342, // xfs
  0x9123683e, // btrfs
  0x2fc12fc1, // zfs
  0xf2f52010, // f2fs
  0xca451a4e, // bcachefs
  0x01021994, // tmpfs
  0x858458f6, // ramfs
  0x794c7630, // overlayfs
  0x4d44, // FAT
  0x2011bab0, // exFAT
  0x7366746e, // NTFS
  0x3153464a, // jfs
]);

/** The same by the names that mounts have. */
const LOCAL_NAMES = new Set(
  'ext2 ext3 ext4 xfs btrfs zfs f2fs bcachefs tmpfs ramfs overlay vfat msdos exfat ntfs ntfs3 jfs'.split(' '),
);

/** isOnThisMachine, by what the list of mounts says, without a look at a drive that may be dead. */
export function isTypeOnThisMachine(name: string): boolean {
  return LOCAL_NAMES.has(name);
}

/** Whether all that happens on a file system goes through this machine: its times and its events tell of it. */
export function isOnThisMachine(place: string): boolean {
  try {
    // A drive letter may stand for a share: then the real path begins as `\\server` does.
    if (process.platform === 'win32') return !realpathSync.native(place).startsWith('\\\\');
    return LOCAL_TYPES.has(Number(statfsSync(place).type) >>> 0);
  } catch {
    return false;
  }
}
