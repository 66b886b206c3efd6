import { readXmlBody } from '../body.ts';
import { asCosError, CosError } from '../errors.ts';
import { isDenied } from '../policy.ts';
import type { Reply } from '../reply.ts';
import type { CosRequest } from '../request.ts';
import type { OpenBucket } from '../storage.ts';
import type { Denial } from '../traits.ts';
import { parseXml, type XmlNode, xmlDocument } from '../xml.ts';
import { removeObject } from './remove-object.ts';

const MOST_DELETES = 1000;

interface Wanted {
  key: string;
  version: string | undefined;
}

/** DELETE Multiple Objects: cloud.tencent.com/document/product/436/8289. */
export async function deleteObjects(
  request: CosRequest,
  { objects }: OpenBucket,
  denials: readonly Denial[],
): Promise<Reply> {
  const content = parseXml(await readXmlBody(request.message), 'Delete');
  const deleted: XmlNode[] = [];
  const failed: XmlNode[] = [];
  for (const { key, version } of readWanted(content)) {
    try {
      if (isDenied(denials, 'DeleteObject', key)) throw new CosError('AccessDenied');
      const removal = removeObject(objects, key, version);
      deleted.push({
        Key: key,
        ...(removal.isMarker && { DeleteMarker: true, DeleteMarkerVersionId: removal.version }),
        VersionId: version,
      });
    } catch (error) {
      const { code, message } = asCosError(error);
      failed.push({ Key: key, VersionId: version, Code: code, Message: message });
    }
  }
  const quiet = String(content.Quiet).toLowerCase() === 'true';
  return { status: 200, xml: xmlDocument('DeleteResult', { Deleted: quiet ? [] : deleted, Error: failed }) };
}

/** @throws CosError MalformedXML */
function readWanted(content: Record<string, unknown>): Wanted[] {
  const entries = (content.Object ?? []) as Record<string, unknown>[];
  if (entries.length === 0 || entries.length > MOST_DELETES) throw new CosError('MalformedXML');
  return entries.map(({ Key, VersionId }) => {
    if (typeof Key !== 'string' || Key === '') throw new CosError('MalformedXML');
    return { key: Key, version: typeof VersionId === 'string' && VersionId !== '' ? VersionId : undefined };
  });
}
