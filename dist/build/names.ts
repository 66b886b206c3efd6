/** What the loader and the build have to agree on. */
export const PROGRAM_NAME = 'cos_sync.cjs';
export const PROGRAM_ASSET = 'program';
export const CODE_CACHE_ASSET = 'code-cache';

/**
 * Node lets what is short-lived grow to three times 16 MiB and more before it is looked through; a run that reads a
 * million files is as fast with half of that, in 100 MB less.
 */
export const SMALL_HEAP = ['--max-semi-space-size=8'];
