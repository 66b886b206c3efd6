import { nestedPaths, sparseSize } from './trees.ts';

/** Where the files are listed. */
const PREFIX = 'listed/';
const PAGE = 1_000;
/** Later than any file: whoever goes by times takes the objects for the newer ones. */
const MODIFIED = '2036-01-01T00:00:00.000Z';

/**
 * Lists a sparse tree as COS and S3 do, page by page; a page is made when it is asked for the first time.
 * @param inFolder how many are in a folder
 */
export function createListing(files: number, inFolder?: string): (query: URLSearchParams) => string {
  const paths = [...nestedPaths(files, inFolder === undefined ? undefined : Number(inFolder))];
  const pages = new Map<number, string>();

  function page(start: number): string {
    const keys = paths.slice(start, start + PAGE).map((path, index) => {
      const facts = `<Size>${sparseSize(start + index)}</Size><LastModified>${MODIFIED}</LastModified>`;
      return `<Contents><Key>${PREFIX}${path}</Key><ETag>"listed"</ETag>${facts}</Contents>`;
    });
    const isCut = start + PAGE < files;
    const next = isCut ? PREFIX + paths[start + PAGE - 1] : '';
    const mark = isCut
      ? `<NextMarker>${next}</NextMarker><NextContinuationToken>${next}</NextContinuationToken>`
      : '';
    const head = `<Name>bench</Name><KeyCount>${keys.length}</KeyCount><MaxKeys>${PAGE}</MaxKeys>`;
    return `<ListBucketResult>${head}<IsTruncated>${isCut}</IsTruncated>${mark}${keys.join('')}</ListBucketResult>`;
  }

  return query => {
    const after = query.get('continuation-token') ?? query.get('marker') ?? '';
    const isOthers = !PREFIX.startsWith(query.get('prefix') ?? '') && files > 0;
    const start = isOthers ? files : after === '' ? 0 : paths.indexOf(after.slice(PREFIX.length)) + 1;
    const known = pages.get(start) ?? page(start);
    pages.set(start, known);
    return known;
  };
}
