/** Downloads wine before the tests, so that no test's time limit has to allow for it. */
import { setUpWine } from './support/wine.ts';

process.stdout.write(`wine is in ${await setUpWine()}\n`);
