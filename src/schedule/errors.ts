/**
 * - `toolFailed`: the system's command ended with an error
 * - `toolMissing`: there is no such command
 * - `fileRefused`: a file cannot be written or deleted
 * - `noHome`: the user has no home folder to keep a unit in
 * - `foreignFile`: a file of that name is there and is none of ours
 */
export type ScheduleProblem = 'toolFailed' | 'toolMissing' | 'fileRefused' | 'noHome' | 'foreignFile';

/** Why a schedule was not installed or removed; the words are in report/words. */
export class ScheduleFailed extends Error {
  readonly problem: ScheduleProblem;
  /** The command or the file. */
  readonly subject: string;
  /** The system's message on one line, or its error code. */
  readonly reason: string;

  constructor(problem: ScheduleProblem, subject: string, reason = '') {
    super(`${problem}: ${subject}: ${reason}`);
    this.name = 'ScheduleFailed';
    this.problem = problem;
    this.subject = subject;
    this.reason = reason;
  }
}
