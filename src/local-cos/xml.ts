import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { CosError } from './errors.ts';

export type XmlValue = string | number | boolean | undefined | XmlNode | readonly XmlValue[];
export interface XmlNode {
  readonly [name: string]: XmlValue;
}

const SPECIAL = /[&<>"\x00-\x08\x0b-\x1f\x7f]/;
const SPECIALS = /[&<>"\x00-\x08\x0b-\x1f\x7f]/g;
const NAMED: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/**
 * Text for an element. Control characters become character references: XML 1.0 cannot carry them, but
 * keys may hold them, and a reference is what most readers get back intact (a bare CR would be read as LF).
 */
function escapeXml(text: string): string {
  if (!SPECIAL.test(text)) return text;
  return text.replace(SPECIALS, char => NAMED[char] ?? `&#${char.charCodeAt(0)};`);
}

function element(name: string, value: XmlValue): string {
  if (value === undefined) return '';
  if (Array.isArray(value)) return value.map(item => element(name, item)).join('');
  if (typeof value === 'object') return `<${name}>${children(value as XmlNode)}</${name}>`;
  const text = String(value);
  return text === '' ? `<${name}/>` : `<${name}>${escapeXml(text)}</${name}>`;
}

function children(node: XmlNode): string {
  let xml = '';
  for (const name in node) xml += element(name, node[name]);
  return xml;
}

/** An XML document of one root element; an array repeats its element, undefined leaves it out. */
export function xmlDocument(root: string, node: XmlNode | string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element(root, node)}`;
}

const parser = new XMLParser({
  ignoreAttributes: true,
  ignoreDeclaration: true,
  parseTagValue: false,
  trimValues: false,
  htmlEntities: true,
  processEntities: {
    maxTotalExpansions: Number.POSITIVE_INFINITY,
    maxExpandedLength: Number.POSITIVE_INFINITY,
  },
  isArray: name => name === 'Object' || name === 'Part',
});

/**
 * The content of a request's XML below the given root element.
 * @throws CosError MalformedXML for anything that is not well-formed, has another root, or brings a DOCTYPE.
 */
export function parseXml(body: Buffer, root: string): Record<string, unknown> {
  const text = body.toString('utf8');
  // Entity definitions are never needed here and are how XML bombs are built.
  if (/<!(DOCTYPE|ENTITY)/i.test(text) || XMLValidator.validate(text) !== true)
    throw new CosError('MalformedXML');
  let content: unknown;
  try {
    content = (parser.parse(text) as Record<string, unknown>)[root];
  } catch {
    throw new CosError('MalformedXML');
  }
  if (content === null || typeof content !== 'object') throw new CosError('MalformedXML');
  return content as Record<string, unknown>;
}
