/** `/a/b`, `a/b/`, `\a\b` → `a/b/`; `/` → the empty prefix, the bucket's root. */
export function prefixOf(cosPath: string): string {
  const inner = cosPath
    .replaceAll('\\', '/')
    .replace(/\/+/g, '/')
    .replace(/^\/|\/$/g, '');
  return inner === '' ? '' : `${inner}/`;
}
