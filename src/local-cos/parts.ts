import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { StagedBody, StageTarget } from './body.ts';
import type { KeptHeaders } from './records.ts';

export interface Part {
  number: number;
  /** Bytes. */
  size: number;
  /** Hex; the part's ETag, which is no MD5 where the encryption hides that. */
  md5: string;
  /** Unsigned decimal. */
  crc: string;
  /** ms since 1970. */
  modified: number;
  /** The file whose name is this part's record. */
  record: string;
  /** Where its bytes begin in the upload's joint file; undefined when they are in the record itself. */
  offset: number | undefined;
}

export interface Upload {
  id: string;
  key: string;
  headers: KeptHeaders;
  /** ms since 1970. */
  initiated: number;
  folder: string;
  parts: Map<number, Part>;
  /** Size in bytes of the stretches of the joint file, once the first part has told it. */
  stretch: number | undefined;
  /** Part numbers whose stretch holds bytes or is being written. */
  taken: Set<number>;
  /** Bodies that are being written into the joint file now. */
  writing: number;
}

/** Smaller parts are not worth a place in the joint file, in bytes. */
const SMALLEST_STRETCH = 1024 ** 2;
/** How long a joint file may get, in bytes: file systems have limits, and not all leave gaps unwritten. */
const LONGEST_JOINT = 1024 ** 4;
const RECORD = /^(\d{5})-([0-9a-f]{32})-(\d{1,20})(?:-(\d+)@(\d+))?$/;

/**
 * The file in which parts are written side by side at the place they will have in the object. Clients cut all
 * parts but the last to one size, so mostly the object is there, in one piece, when the last part is.
 */
export function jointFile(upload: Upload): string {
  return join(upload.folder, 'joint');
}

/** The stretch of the joint file for a body that comes for a part, if it fits there. */
export function stretchFor(
  upload: Upload,
  number: number,
  announced: number | undefined,
): StageTarget | undefined {
  if (announced === undefined || announced < SMALLEST_STRETCH || upload.taken.has(number)) return undefined;
  upload.stretch ??= announced;
  const at = (number - 1) * upload.stretch;
  if (announced > upload.stretch || at > LONGEST_JOINT) return undefined;
  return { path: jointFile(upload), at };
}

/** The record's file name: `number-md5-crc` for a part in a file of its own, `-size@offset` added for one in the joint file. */
export function recordName(
  number: number,
  { size, md5, crc }: StagedBody,
  offset: number | undefined,
): string {
  const own = `${String(number).padStart(5, '0')}-${md5}-${crc}`;
  return offset === undefined ? own : `${own}-${size}@${offset}`;
}

/** Reads the records of an upload's parts back. */
export function loadParts(upload: Upload): void {
  for (const name of readdirSync(upload.folder)) {
    const match = RECORD.exec(name);
    if (!match) continue;
    const record = join(upload.folder, name);
    const stat = statSync(record);
    const [, digits, md5, crc, length, at] = match as unknown as [
      string,
      string,
      string,
      string,
      string?,
      string?,
    ];
    const number = Number(digits);
    const offset = at === undefined ? undefined : Number(at);
    const size = length === undefined ? stat.size : Number(length);
    const part: Part = { number, size, md5, crc, modified: stat.mtimeMs, record, offset };
    if (offset !== undefined) {
      upload.taken.add(number);
      // The first part may be shorter than the stretches are.
      if (number > 1) upload.stretch = offset / (number - 1);
      else upload.stretch ??= size;
    }
    // Two records of one number: the process ended between making the new one and removing the old one.
    const other = upload.parts.get(number);
    if (!other || other.modified <= part.modified) upload.parts.set(number, part);
  }
}
