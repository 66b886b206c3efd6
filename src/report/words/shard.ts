import type { LedgerDividedOtherwise } from '../../ledger/errors.ts';
import type { Call } from './call.ts';

/** What is said of a folder that is divided among several processes. */
export interface ShardWords {
  dividedOtherwise(error: Pick<LedgerDividedOtherwise, 'file' | 'found' | 'wanted' | 'isInForce'>): string;
  /** @param shards `i/n` each */
  ledgersMissing(shards: readonly string[]): string;
  stillToAdopt(shards: readonly string[]): string;
}

/** What lets a shard, or the whole folder, take over its part. */
function adoption(call: Call, shard: string | undefined): string {
  return call(`ledger adopt${shard ? ` --shard ${shard}` : ''}`);
}

export const shardEn = (call: Call): ShardWords => ({
  dividedOtherwise: ({ file, found, wanted, isInForce }) =>
    isInForce
      ? `${file} is of the same folder and bucket, and divided otherwise (${found || 'not at all'}, not ${wanted || 'whole'}): ${found === '' ? 'run without shard' : `run with shards of ${countIn(found)}`}, or change to this division for good, without an upload: ${adoption(call, wanted)}`
      : `${wanted || 'the whole folder'} has not taken over yet what is its own from the division before (${found || 'whole'}, ${file}). To do it, without an upload: ${adoption(call, wanted)}`,
  ledgersMissing: shards =>
    `the ledgers of shards ${shards.join(', ')} are not in db/: nothing was taken over, for what they hold would be forgotten. Name them with --from if they are on other machines, or make them anew: ${call(`ledger rebuild --shard ${shards[0]}`)}`,
  stillToAdopt: shards =>
    `still to take over theirs: ${shards.join(', ')}, each with a command like ${adoption(call, shards[0])}`,
});

export const shardZh = (call: Call): ShardWords => ({
  dividedOtherwise: ({ file, found, wanted, isInForce }) =>
    isInForce
      ? `${file} 属于同一目录和存储桶，但分片方式不同（${found || '未分片'}，而不是 ${wanted || '未分片'}）：请${found === '' ? '去掉 shard 运行' : `按 ${countIn(found)} 个分片运行`}，或改用新的分片方式（不会重新上传）：${adoption(call, wanted)}`
      : `${wanted || '整个目录'} 尚未从原来的分片方式（${found || '未分片'}，${file}）接管属于自己的记录。接管（不会重新上传）：${adoption(call, wanted)}`,
  ledgersMissing: shards =>
    `db/ 中没有分片 ${shards.join('、')} 的数据库：未接管任何记录，否则其中的内容会丢失。如在其他机器上，请用 --from 指定；或重建：${call(`ledger rebuild --shard ${shards[0]}`)}`,
  stillToAdopt: shards => `尚未接管的分片：${shards.join('、')}，逐个执行，例如 ${adoption(call, shards[0])}`,
});

const countIn = (shard: string) => shard.slice(shard.indexOf('/') + 1);
