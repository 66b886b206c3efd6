/** What a user types here to run a command: `ledger rebuild` is `./cos_sync --home /srv/cos ledger rebuild`. */
export type Call = (command: string) => string;

/** By the program's name alone: in the log, which is read anywhere. */
export const byName: Call = command => `cos_sync ${command}`;
