import { type Command, type Cost, measure, median } from './measure.ts';

/** One that takes part in a comparison. */
export interface Contender {
  name: string;
  command: Command;
  /** Runs before each of its turns, unmeasured. */
  prepare?: (round: number) => void | Promise<void>;
  /** Runs after each of its turns; throws where the work was not done. */
  check?: (cost: Cost, round: number) => void | Promise<void>;
  /** Its failure loses its own row, and not the others'. */
  isRival?: boolean;
}

/** Lets all do the same work turn by turn, so that what slows the machine down slows down each of them. */
export async function takeTurns(
  rounds: number,
  contenders: readonly Contender[],
  say: (text: string) => void = () => {},
): Promise<Map<string, Cost>> {
  const costs = new Map<string, Cost[]>(contenders.map(({ name }) => [name, []]));
  const failed = new Set<string>();
  for (let round = 0; round < rounds; round++) {
    for (const { name, command, prepare, check, isRival } of contenders) {
      if (failed.has(name)) continue;
      try {
        await prepare?.(round);
        const cost = await measure(command);
        await check?.(cost, round);
        costs.get(name)?.push(cost);
      } catch (error) {
        if (!isRival) throw error;
        say(`the row of ${name} is lost: ${(error as Error).message}`);
        failed.add(name);
      }
    }
  }
  const finished = [...costs].filter(([name]) => !failed.has(name));
  return new Map(finished.map(([name, list]) => [name, median(list)]));
}
