import type { TransferResult } from '../deletions.ts';
import type { Plan } from '../plan.ts';
import type { Run } from './run.ts';
import { carryOut } from './transfer.ts';

/** Rounds under way at a time: a large file in one must not hold up what is found meanwhile. */
const ROUNDS = 2;

/** Carries out what is planned while the scan goes on. Only for a ledger without any entry: nothing can have moved there. */
export interface TransferAhead {
  take(planned: Plan): void;
  /** @throws what a round threw first, when all have ended */
  end(): Promise<TransferResult>;
}

export function transferAhead(run: Run): TransferAhead {
  const result = {
    failedSizes: new Map<number, string>(),
    moved: new Set<string>(),
    unreadable: [] as string[],
  };
  const waiting: Plan[] = [];
  const rounds = new Set<Promise<void>>();
  let thrown: { error: unknown } | undefined;

  function begin(): void {
    if (waiting.length === 0 || rounds.size >= ROUNDS) return;
    const round = carryOutAll(waiting.splice(0)).finally(() => {
      rounds.delete(round);
      begin();
    });
    rounds.add(round);
  }

  async function carryOutAll(planned: readonly Plan[]): Promise<void> {
    try {
      const done = await carryOut(run, together(planned));
      for (const [size, path] of done.failedSizes) result.failedSizes.set(size, path);
      result.unreadable.push(...done.unreadable);
    } catch (error) {
      thrown ??= { error };
    }
  }

  return {
    take(planned) {
      waiting.push(planned);
      begin();
    },
    async end() {
      while (rounds.size > 0) await Promise.all(rounds);
      if (thrown) throw thrown.error;
      return result;
    },
  };
}

function together(planned: readonly Plan[]): Plan {
  return {
    ...planned[0]!,
    createFolders: planned.flatMap(({ createFolders }) => createFolders),
    uploads: planned.flatMap(({ uploads }) => uploads),
    newPaths: new Set(planned.flatMap(({ newPaths }) => [...newPaths])),
    scannedAt: Math.max(...planned.map(({ scannedAt }) => scannedAt)),
  };
}
