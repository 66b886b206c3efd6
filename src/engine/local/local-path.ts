/** local_path is missing or cannot be read: nothing is known about any file. Exit code 4. */
export class LocalPathUnusable extends Error {
  readonly path: string;
  /** The system's error code. */
  readonly code: string;

  constructor(path: string, code: string, cause?: unknown) {
    super(`local_path ${path}: ${code}`, { cause });
    this.name = 'LocalPathUnusable';
    this.path = path;
    this.code = code;
  }
}
