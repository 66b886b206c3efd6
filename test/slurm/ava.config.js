/** Starts a cluster of one machine: too much to set up for `make test`. */
export default {
  files: ['test/slurm/*.slurm.ts'],
  extensions: ['ts'],
  timeout: '600s',
};
