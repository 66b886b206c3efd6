import type { Page } from '../../cos/store.ts';

/**
 * The items of a paged listing. While a page is worked through the next one is on its way.
 * @param ask answers one page, the first where there is no marker
 * @throws what `ask` throws
 */
export async function* readAhead<Item, Marker>(
  ask: (marker: Marker | undefined) => Promise<Page<Item, Marker>>,
): AsyncGenerator<Item> {
  let page = ask(undefined);
  for (;;) {
    const { items, next } = await page;
    if (next !== undefined) {
      page = ask(next);
      // It is awaited when this one is through; nobody may be left by then.
      page.catch(() => {});
    }
    yield* items;
    if (next === undefined) return;
  }
}
