import { closeSync } from 'node:fs';
import { readXmlBody } from '../body.ts';
import { CosError } from '../errors.ts';
import type { StoredObject } from '../records.ts';
import type { Reply } from '../reply.ts';
import { type CosRequest, versionParameter } from '../request.ts';
import type { OpenBucket } from '../storage.ts';
import { parseXml, type XmlNode, xmlDocument } from '../xml.ts';
import { OWNER } from './listing-format.ts';

const TIERS = ['Expedited', 'Standard', 'Bulk'];
const MOST_DAYS = 365;
const EVERYBODY = 'http://cam.qcloud.com/groups/global/AllUsers';

/** POST Object restore: cloud.tencent.com/document/product/436/12633. */
export async function restoreObject(request: CosRequest, bucket: OpenBucket): Promise<Reply> {
  const { Days, CASJobParameters } = parseXml(await readXmlBody(request.message), 'RestoreRequest');
  const days = Number(Days);
  const tier = String(Object(CASJobParameters).Tier ?? 'Standard');
  if (!Number.isSafeInteger(days) || days < 1 || days > MOST_DAYS || !TIERS.includes(tier))
    throw new CosError('MalformedXML');
  const object = await objectOf(request, bucket);
  const { thaws, traits } = bucket.objects;
  const isThere = thaws.ask(request.key, object, { days, tier }, traits.thawTime);
  return { status: isThere ? 200 : 202 };
}

/** GET Object tagging: cloud.tencent.com/document/product/436/42998. */
export async function getTagging(request: CosRequest, bucket: OpenBucket): Promise<Reply> {
  const { headers } = await objectOf(request, bucket);
  const tags = [...new URLSearchParams(headers['x-cos-tagging'] ?? '')];
  const TagSet: XmlNode = { Tag: tags.map(([Key, Value]) => ({ Key, Value })) };
  return { status: 200, xml: xmlDocument('Tagging', { TagSet }) };
}

/** GET Object acl: cloud.tencent.com/document/product/436/7744. The ACL is told, and gives nobody else access. */
export async function getAcl(request: CosRequest, bucket: OpenBucket): Promise<Reply> {
  const { headers } = await objectOf(request, bucket);
  const own = { Grantee: OWNER, Permission: 'FULL_CONTROL' };
  const isPublic = headers['x-cos-acl'] === 'public-read';
  const grants = isPublic ? [own, { Grantee: { URI: EVERYBODY }, Permission: 'READ' }] : [own];
  return {
    status: 200,
    xml: xmlDocument('AccessControlPolicy', { Owner: OWNER, AccessControlList: { Grant: grants } }),
  };
}

async function objectOf(request: CosRequest, { objects }: OpenBucket): Promise<StoredObject> {
  const { object, fd } = await objects.open(request.key, versionParameter(request));
  if (fd >= 0) closeSync(fd);
  return object;
}
