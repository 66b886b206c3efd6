/** The disk has no room for what is to come. Exit code 4. */
export class DiskTooSmall extends Error {
  readonly folder: string;
  /** bytes */
  readonly needed: number;
  readonly free: number;
  /** Whether that was found out only when some of it had come. */
  readonly isBegun: boolean;

  constructor(folder: string, { needed, free, isBegun }: Omit<DiskTooSmall, 'folder' | keyof Error>) {
    super(`${folder}: ${needed} bytes are needed, ${free} are free`);
    this.name = 'DiskTooSmall';
    this.folder = folder;
    this.needed = needed;
    this.free = free;
    this.isBegun = isBegun;
  }
}
