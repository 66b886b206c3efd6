/** What a store needs to know to reach its bucket. */
export interface Access {
  secretId: string;
  secretKey: string;
  token: string | undefined;
  /** With `-appid`. */
  bucket: string;
  /** Empty where it is not known. */
  region: string;
  /** `https:` or `http:` */
  protocol: 'https:' | 'http:';
  /** `host` or `host:port`, placeholders filled in. */
  host: string;
  /** seconds without progress before a connection counts as failed */
  timeout: number;
  proxy: string | undefined;
  /** The host that requests are signed for, where another than the one that is asked. */
  signHost?: string | undefined;
  userAgent: string;
}
