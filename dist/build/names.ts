/** What the loader and the build have to agree on. */
export const PROGRAM_NAME = 'cos_sync.cjs';
export const PROGRAM_ASSET = 'program';
export const CODE_CACHE_ASSET = 'code-cache';
