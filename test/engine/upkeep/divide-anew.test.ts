import test from 'ava';
import { shardOf } from '../../../src/engine/local/shard.ts';
import { isSameDisk } from '../../../src/engine/other-disk.ts';
import { disksOf, takenBy } from '../../../src/engine/upkeep/divide-anew.ts';
import { type Disk, firstScan } from '../../../src/ledger/last-scan.ts';

const diskOf = (inode: string): Disk => ({
  type: 1,
  bytes: 9,
  device: '7',
  volume: '',
  mount: '/data',
  root: { inode, born: 5 },
  folder: { inode, born: 5 },
});

test('a disk that all ledgers were on stays known, and where they do not agree no disk is the right one', t => {
  const [one, other] = [diskOf('1'), diskOf('2')];
  const scans = [
    { '': one, 'same/': other, 'differs/': one, 'of one/': one },
    { '': one, 'same/': other, 'differs/': other },
  ].map(disks => firstScan(new Map(Object.entries(disks))));
  const disks = disksOf(scans);
  t.deepEqual([...disks.keys()].sort(), ['', 'differs/', 'of one/', 'same/']);
  t.true(isSameDisk(disks.get('')!, one));
  t.true(isSameDisk(disks.get('same/')!, other));
  for (const place of ['differs/', 'of one/'])
    for (const disk of [one, other]) t.false(isSameDisk(disks.get(place)!, disk), place);
});

test('of each folder the latest ledger that it is of is believed, and of the shard alone', t => {
  const whole = { shard: { index: 0, count: 1 }, generation: 0 };
  const half = { shard: { index: 0, count: 2 }, generation: 1 };
  const takes = takenBy({ index: 1, count: 3 }, [half, whole]);
  for (let i = 0; i < 100; i++) {
    const [folder, isOurs] = [`d${i}`, shardOf(`d${i}`, 3) === 1];
    const isOfHalf = shardOf(folder, 2) === 0;
    for (const path of [`${folder}/`, `${folder}/f`]) {
      t.is(takes(half, path), isOurs && isOfHalf);
      t.is(takes(whole, path), isOurs && !isOfHalf);
    }
  }
});
