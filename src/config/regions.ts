/**
 * Region names of the retired APIs v3 and v4 and of the first XML API, and today's names.
 * Source: COS "Regions and access endpoints" (436/6224).
 */
const CURRENT_NAME: Readonly<Record<string, string>> = {
  tj: 'ap-beijing-1',
  bj: 'ap-beijing',
  sh: 'ap-shanghai',
  gz: 'ap-guangzhou',
  cd: 'ap-chengdu',
  cq: 'ap-chongqing',
  hk: 'ap-hongkong',
  sgp: 'ap-singapore',
  ca: 'na-toronto',
  ger: 'eu-frankfurt',
  'cn-north': 'ap-beijing-1',
  'cn-east': 'ap-shanghai',
  'cn-south': 'ap-guangzhou',
  'cn-southwest': 'ap-chengdu',
  sg: 'ap-singapore',
};

/** Today's name of a region; a name that is not an old one is answered as it is. */
export function currentRegion(name: string): string {
  const lower = name
    .trim()
    .toLowerCase()
    .replace(/^cos\./, '');
  return CURRENT_NAME[lower] ?? lower;
}
