import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';

/** Asks questions on standard error; answers are lines of standard input, typed or piped. */
export interface Prompt {
  /** @returns undefined where there is no more input; rejects with the signal's reason */
  ask(question: string, options?: { secret?: boolean }): Promise<string | undefined>;
  close(): void;
}

export function openPrompt(signal: AbortSignal): Prompt {
  const isTerminal = process.stdin.isTTY === true;
  let isMuted = false;
  const output = new Writable({
    write(chunk, _encoding, done) {
      if (!isMuted) process.stderr.write(chunk);
      done();
    },
  });
  const lines = createInterface({
    input: process.stdin,
    output,
    terminal: isTerminal,
    // An answer must not come back with the arrow keys: it may be a secret.
    historySize: 0,
  });
  // A terminal in raw mode hands Ctrl-C over as a key.
  lines.on('SIGINT', () => process.emit('SIGINT'));
  const waiting: string[] = [];
  let isClosed = false;
  let wake = () => {};
  lines.on('line', line => {
    waiting.push(line);
    wake();
  });
  lines.on('close', () => {
    isClosed = true;
    wake();
  });
  signal.addEventListener('abort', () => wake());

  return {
    async ask(question, { secret = false } = {}) {
      lines.setPrompt(`${question} `);
      if (isClosed) process.stderr.write(lines.getPrompt());
      else lines.prompt();
      isMuted = secret && isTerminal;
      while (waiting.length === 0 && !isClosed && !signal.aborted) {
        await new Promise<void>(resolve => {
          wake = resolve;
        });
      }
      if (isMuted || !isTerminal) process.stderr.write('\n');
      isMuted = false;
      signal.throwIfAborted();
      return waiting.shift()?.trim();
    },
    close: () => lines.close(),
  };
}
