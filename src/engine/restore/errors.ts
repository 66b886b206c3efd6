/** The disk has no room for what is to come; nothing was written. Exit code 4. */
export class DiskTooSmall extends Error {
  readonly folder: string;
  /** bytes */
  readonly needed: number;
  readonly free: number;

  constructor(folder: string, needed: number, free: number) {
    super(`${folder}: ${needed} bytes are needed, ${free} are free`);
    this.name = 'DiskTooSmall';
    this.folder = folder;
    this.needed = needed;
    this.free = free;
  }
}
