/** fast-check names the seed of a failure; COS_SYNC_TEST_SEED repeats it. */
if (process.env.COS_SYNC_TEST_SEED !== undefined) {
  // Loaded by every test file: most of them need no fast-check.
  const { default: fc } = await import('fast-check');
  fc.configureGlobal({ seed: Number(process.env.COS_SYNC_TEST_SEED) });
}
