import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, format, join, parse } from 'node:path';
import { usageFault } from '../../config/faults.ts';
import type { Home } from '../../config/home.ts';
import type { Config } from '../../config/schema.ts';
import type { Shard } from '../../config/shard.ts';
import { MAX_SHARDS, shard } from '../../config/values.ts';

/** The shard that the command line names, where no configuration is read. @throws ConfigError */
export function shardNamed(given: string | undefined): Shard | undefined {
  const { data, error } = shard().safeParse(given);
  if (error) throw usageFault('--shard', 'badShard', { value: given ?? '', max: MAX_SHARDS });
  return data;
}

/** The home as a shard sees it: runs of several must not write to the same log and history. */
export function homeOfShard(home: Home, { shard }: Pick<Config, 'shard'>): Home {
  if (!shard) return home;
  return {
    ...home,
    logFile: fileOfShard(home.logFile, shard),
    historyFile: fileOfShard(home.historyFile, shard),
  };
}

/** The configuration with the shard's own names of the files that a run writes. */
export function configOfShard(config: Config): Config {
  const { shard, metricsFile, failedFile } = config;
  if (!shard) return config;
  return {
    ...config,
    metricsFile: metricsFile && fileOfShard(metricsFile, shard),
    failedFile: failedFile && fileOfShard(failedFile, shard),
  };
}

/** `cos_sync.log` is `cos_sync.shard-0-of-4.log` for shard 0/4. */
function fileOfShard(file: string, { index, count }: Shard): string {
  const { dir, name, ext } = parse(file);
  return format({ dir, name: `${name}.shard-${index}-of-${count}`, ext });
}

/** The histories that shards wrote, and whose they are. */
export function historiesOfShards({ historyFile }: Home): { shard: Shard; file: string }[] {
  const folder = dirname(historyFile);
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap(name => {
    const [, index, count] = /\.shard-(\d+)-of-(\d+)\./.exec(name) ?? [];
    const shard = { index: Number(index), count: Number(count) };
    const isOne = count !== undefined && name === basename(fileOfShard(historyFile, shard));
    return isOne ? [{ shard, file: join(folder, name) }] : [];
  });
}
