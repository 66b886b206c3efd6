/** The tests of the built packages: too slow, and too much to set up, for `make test`. */
export default {
  files: ['test/package/*.package.ts'],
  extensions: ['ts'],
  timeout: '300s',
  serial: true,
  concurrency: 1,
};
