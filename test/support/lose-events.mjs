// Loaded before the program: loses a share of the events that the system tells of.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const share = Number(process.env.LOSE_EVENTS ?? 0);
const watch = fs.watch;
fs.watch = (folder, ...rest) => {
  const listener = rest.pop();
  return watch(folder, ...rest, (...event) => {
    if (Math.random() >= share) listener(...event);
  });
};
syncBuiltinESMExports();
