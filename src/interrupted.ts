/** Why the signal of a command was aborted: the system asked the program to end. */
export class Interrupted extends Error {
  readonly signalName: string;
  /** 128 + the signal's number, as a shell tells it. */
  readonly exitCode: number;

  constructor(signalName: string, exitCode: number) {
    super(`interrupted by ${signalName}`);
    this.name = 'Interrupted';
    this.signalName = signalName;
    this.exitCode = exitCode;
  }
}
