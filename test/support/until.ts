import { setTimeout as delay } from 'node:timers/promises';

/** Waits until something holds. @throws Error where it does not within `ms` */
export async function until(holds: () => boolean | Promise<boolean>, ms = 60_000): Promise<void> {
  const end = Date.now() + ms;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error('waited in vain');
    await delay(20);
  }
}
