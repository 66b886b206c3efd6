import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { loadConfig } from '../../src/config/load.ts';
import { connect } from '../../src/cos/connect.ts';
import type { ObjectStore } from '../../src/cos/store.ts';
import type { Sandbox } from './sandbox.ts';

/** The program's own requests, for keys that no client would make. */
export async function withStore<T>(
  { home }: Pick<Sandbox, 'home'>,
  work: (store: ObjectStore) => Promise<T>,
): Promise<T> {
  const { config } = loadConfig(join(home, 'conf', 'config.json'), {}, {});
  const store = await connect(config);
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

/** Puts objects of any key, each with its content. */
export function putObjects(
  box: Pick<Sandbox, 'home'>,
  objects: Readonly<Record<string, string>>,
): Promise<void> {
  return withStore(box, async store => {
    for (const [key, content] of Object.entries(objects)) {
      const bytes = Buffer.from(content);
      await store.put(key, bytes, createHash('md5').update(bytes).digest(), {});
    }
  });
}
