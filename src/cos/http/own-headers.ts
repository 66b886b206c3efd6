import { type Asked, actionOf, isCopy } from './action.ts';

const CUSTOMER = 'x-cos-server-side-encryption-customer-';
/** Holds a key of one's own: a secret. */
export const CUSTOMER_KEY = `${CUSTOMER}key`;
const TRAFFIC_LIMIT = 'x-cos-traffic-limit';

/** Whether a configured header is about requests, and not about the object that one makes. */
export function isOfRequests(name: string): boolean {
  const lower = name.toLowerCase();
  return lower === 'referer' || lower === TRAFFIC_LIMIT || lower.startsWith(CUSTOMER);
}

/**
 * The configured headers that a request needs: Referer on all, the limit of a connection's speed where content is
 * sent or fetched (436/34072), a key of one's own wherever COS reads or writes an object with it (436/18145).
 * @param configured those that isOfRequests
 */
export function ownHeaders(
  configured: Readonly<Record<string, string>>,
  request: Asked,
): Record<string, string> {
  const needed: Record<string, string> = {};
  const action = actionOf(request);
  const copies = isCopy(request);
  const hasContent = (action === 'PutObject' || action === 'UploadPart' || action === 'GetObject') && !copies;
  const hasKey = hasContent || copies || action === 'InitiateMultipartUpload' || action === 'HeadObject';
  for (const [name, value] of Object.entries(configured)) {
    if (name === 'referer' || (name === TRAFFIC_LIMIT && hasContent)) needed[name] = value;
    if (!name.startsWith(CUSTOMER) || !hasKey) continue;
    needed[name] = value;
    if (copies)
      needed[name.replace(CUSTOMER, `x-cos-copy-source-${CUSTOMER.slice('x-cos-'.length)}`)] = value;
  }
  return needed;
}
