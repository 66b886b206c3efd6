/** The ledger's file is damaged beyond its last records. Exit code 4. */
export class LedgerDamaged extends Error {
  /** Where the damaged file lies now. */
  readonly file: string;
  /** Whether it was put aside; who only reads leaves it in its place. */
  readonly isAside: boolean;

  constructor(file: string, isAside: boolean) {
    super(`the ledger ${file} is damaged`);
    this.name = 'LedgerDamaged';
    this.file = file;
    this.isAside = isAside;
  }
}

/** The ledger in this place is of another bucket, cos_path or local_path. Exit code 4. */
export class LedgerOfOther extends Error {
  readonly file: string;
  /** The local_path and the place in COS that it is about. */
  readonly about: string;

  constructor(file: string, about: string) {
    super(`the ledger ${file} is about ${about}`);
    this.name = 'LedgerOfOther';
    this.file = file;
    this.about = about;
  }
}

/** The ledger cannot be read or written (disk full, no permission). Exit code 4. */
export class LedgerUnusable extends Error {
  readonly file: string;

  constructor(file: string, cause: unknown) {
    super(`the ledger ${file} cannot be used`, { cause });
    this.name = 'LedgerUnusable';
    this.file = file;
  }
}

/** The ledger is of a format that this version does not know; it is left where it is. Exit code 4. */
export class LedgerNewer extends LedgerUnusable {
  constructor(file: string) {
    super(file, undefined);
    this.name = 'LedgerNewer';
  }
}

/** Ledgers of the same task and another division into shards hold what this one did not take over. Exit code 4. */
export class LedgerDividedOtherwise extends LedgerUnusable {
  /** `i/n`, or empty for a ledger of the whole folder. */
  readonly found: string;
  readonly wanted: string;
  /** Whether the other division is in force; if not, other shards of the wanted one took theirs over already. */
  readonly isInForce: boolean;

  constructor(file: string, found = '', wanted = '', isInForce = true) {
    super(file, undefined);
    this.name = 'LedgerDividedOtherwise';
    this.found = found;
    this.wanted = wanted;
    this.isInForce = isInForce;
  }
}

/** Ledgers of shards that are to be taken over are not there: what they hold would be forgotten. Exit code 4. */
export class LedgersMissing extends LedgerUnusable {
  /** `i/n` each */
  readonly shards: readonly string[];

  constructor(file: string, shards: readonly string[]) {
    super(file, undefined);
    this.name = 'LedgersMissing';
    this.shards = shards;
  }
}

/** Another run holds the ledger. Exit code 3. */
export class LedgerLocked extends Error {
  readonly pid: number | undefined;
  readonly host: string | undefined;

  constructor(owner: { pid: number; host: string } | undefined) {
    super('another run holds this ledger');
    this.name = 'LedgerLocked';
    this.pid = owner?.pid;
    this.host = owner?.host;
  }
}

/** A daemon of the same ledger runs already. Exit code 3. */
export class DaemonRunning extends Error {
  readonly pid: number | undefined;

  constructor(pid: number | undefined) {
    super('another daemon serves this ledger');
    this.name = 'DaemonRunning';
    this.pid = pid;
  }
}

/** Why a file cannot be imported. */
export type ImportProblem = 'missing' | 'unreadable' | 'unknownFormat' | 'noTable' | 'whichTable';

/** The file to import cannot be used; the ledger is as it was. Exit code 2. */
export class ImportUnusable extends Error {
  readonly problem: ImportProblem;
  readonly file: string;
  /** The system's error, or the tables that there are. */
  readonly detail: string;

  constructor(problem: ImportProblem, file: string, detail = '') {
    super(`${file}: ${problem}`);
    this.name = 'ImportUnusable';
    this.problem = problem;
    this.file = file;
    this.detail = detail;
  }
}
