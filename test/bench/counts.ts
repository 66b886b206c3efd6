/** What arrived since it was last asked for. */
export interface Counts {
  requests: number;
  puts: number;
  copies: number;
  deletes: number;
  /** Objects that deletions named. */
  deleted: number;
  /** bytes of bodies of PUT */
  bytes: number;
  /** seconds that this server computed, user and system */
  cpu: number;
}

const NOTHING: Readonly<Counts> = {
  requests: 0,
  puts: 0,
  copies: 0,
  deletes: 0,
  deleted: 0,
  bytes: 0,
  cpu: 0,
};

/** Counts to be added to, and a function that answers them as they are and begins anew. */
export function createCounts(): { counts: Counts; take(): Counts } {
  const counts = { ...NOTHING };
  let computed = process.cpuUsage();
  return {
    counts,
    take() {
      const { user, system } = process.cpuUsage(computed);
      computed = process.cpuUsage();
      const taken = { ...counts, cpu: (user + system) / 1e6 };
      Object.assign(counts, NOTHING);
      return taken;
    },
  };
}
