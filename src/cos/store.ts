import type { SharedAccess } from './access.ts';

/** What COS said after it took bytes. */
export interface Confirmation {
  status: number;
  requestId: string;
  /** The object's or part's ETag without quotation marks. */
  etag: string;
  /** x-cos-hash-crc64ecma, an unsigned decimal, where COS gave one. */
  crc64: string | undefined;
}

export interface UploadedPart {
  number: number;
  etag: string;
  /** bytes */
  size: number;
}

export interface ListedObject {
  key: string;
  etag: string;
  /** bytes */
  size: number;
  lastModified: string;
  /** Empty where COS does not say. */
  storageClass: string;
}

/** A version of an object, or the mark that it was deleted. */
export interface ListedVersion extends ListedObject {
  versionId: string;
  isDeletion: boolean;
}

/** Where a page of versions ended. */
export interface VersionMarker {
  key: string;
  versionId: string;
}

/** One page of a listing, ascending by key; of a key's versions the newest comes first. */
export interface Page<Item, Marker> {
  items: Item[];
  /** The marker of the next page; undefined on the last one. */
  next: Marker | undefined;
}

export type ObjectPage = Page<ListedObject, string>;
export type VersionPage = Page<ListedVersion, VersionMarker>;

export interface PendingUpload {
  key: string;
  uploadId: string;
  initiated: string;
}

export interface Deletion {
  requestId: string;
  status: number;
  /** Keys that COS did not delete, each with its own error; all others are gone. */
  failed: Map<string, { code: string; message: string }>;
}

export interface ListedBucket {
  name: string;
  region: string;
}

export interface ObjectHead extends Confirmation {
  /** bytes */
  size: number;
  /** ms since 1970; NaN where COS did not say */
  lastModified: number;
  /** The file's own, from x-cos-meta-mtime, in ms since 1970; undefined where there is none */
  mtime: number | undefined;
}

/** Which bytes of which object are asked for. */
export interface GetWanted {
  key: string;
  /** Of a bucket that keeps versions; undefined for the newest. */
  versionId?: string | undefined;
  /** The object is taken only where it still has this ETag. */
  etag?: string | undefined;
  /** Byte offsets, both included; undefined for all. */
  range?: { first: number; last: number } | undefined;
  /** bytes that are expected */
  size: number;
}

/** Takes an object's bytes as they come. */
export interface BodySink {
  /**
   * @param piece its memory is used again as soon as this returns
   * @returns a promise where no more is to come until it is resolved
   * @throws Failure, which the request is then rejected with
   */
  write(piece: Uint8Array): Promise<void> | undefined;
}

/** A part's bytes, read anew for each try. */
export interface PartBody {
  /** bytes */
  size: number;
  open(): AsyncIterable<Uint8Array>;
}

/**
 * The requests to COS that the tool makes. Every method rejects with a Failure,
 * tries once, and answers only what COS said: retrying and verifying are the caller's.
 */
export interface ObjectStore {
  /** For threads that send to the same bucket. */
  readonly access: SharedAccess;
  /** PUT Object (436/7749). Content-MD5 makes COS refuse other bytes than these. */
  put(key: string, body: Uint8Array | PartBody, md5: Buffer, headers: Headers): Promise<Confirmation>;
  /** PUT Object - Copy (436/10881) of an object of the same bucket, only where it still has that ETag. */
  copy(key: string, source: CopySource, headers: Headers): Promise<Confirmation>;
  /** Initiate Multipart Upload (436/7746); answers the upload ID. */
  startUpload(key: string, headers: Headers): Promise<string>;
  /** Upload Part (436/7750). */
  putPart(key: string, uploadId: string, number: number, body: PartBody): Promise<Confirmation>;
  /** Upload Part - Copy (436/8287); first and last are byte offsets, both included. */
  copyPart(
    key: string,
    uploadId: string,
    number: number,
    source: CopySource,
    first: number,
    last: number,
  ): Promise<Confirmation>;
  /** List Parts (436/7747), all pages. */
  listParts(key: string, uploadId: string): Promise<UploadedPart[]>;
  /** Complete Multipart Upload (436/7742). */
  completeUpload(key: string, uploadId: string, parts: readonly UploadedPart[]): Promise<Confirmation>;
  /** Abort Multipart Upload (436/7740); an upload that is gone already is no error. */
  abortUpload(key: string, uploadId: string): Promise<void>;
  /** List Multipart Uploads (436/7736), all pages. */
  listUploads(prefix: string): Promise<PendingUpload[]>;
  /** DELETE Multiple Objects (436/8289), at most 1,000 keys. */
  deleteMany(keys: readonly string[]): Promise<Deletion>;
  /** GET Bucket (436/7734), one page of at most 1,000 objects. */
  list(prefix: string, marker: string | undefined): Promise<ObjectPage>;
  /** GET Bucket Object versions (436/35521), one page of at most 1,000. */
  listVersions(prefix: string, marker: VersionMarker | undefined): Promise<VersionPage>;
  /** HEAD Bucket (436/7735): whether it is of several zones, and whether metadata acceleration makes a file system of it. */
  bucketKind(): Promise<{ isMaz: boolean; isOfs: boolean }>;
  /** GET Bucket versioning (436/19888). */
  versioning(): Promise<'Enabled' | 'Suspended' | 'off'>;
  /** HEAD Object (436/7745); undefined where there is none. */
  head(key: string, versionId?: string): Promise<ObjectHead | undefined>;
  /**
   * GET Object (436/7753).
   * @throws Failure (stale) where it has another ETag; what the sink throws
   */
  get(wanted: GetWanted, sink: BodySink): Promise<ObjectHead>;
  /** POST Object restore (436/12633): makes an archived object readable for so many days, hours from now. */
  thaw(key: string, versionId: string | undefined, days: number): Promise<void>;
  /** Ends all connections; a request that is under way is rejected with a Failure (stopped). */
  close(): Promise<void>;
}

export type Headers = Readonly<Record<string, string>>;

export interface CopySource {
  key: string;
  etag: string;
}
