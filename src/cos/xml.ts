import { XMLBuilder, XMLParser } from 'fast-xml-parser';

/** An element's content: texts and elements by name, several of a name as an array. */
export type XmlElement = Readonly<Record<string, unknown>>;

const parser = new XMLParser({
  ignoreDeclaration: true,
  ignoreAttributes: true,
  parseTagValue: false,
  trimValues: false,
  htmlEntities: true,
  processEntities: {
    maxTotalExpansions: Number.POSITIVE_INFINITY,
    maxExpandedLength: Number.POSITIVE_INFINITY,
  },
});
const builder = new XMLBuilder();

/** Reads an answer's root element; undefined where the text has no such root, or is no XML at all. */
export function xmlOf(text: string, root: string): XmlElement | undefined {
  if (!text.includes('<')) return undefined;
  try {
    const element = (parser.parse(text) as XmlElement | undefined)?.[root];
    if (element === '') return {};
    return typeof element === 'object' && element !== null ? (element as XmlElement) : undefined;
  } catch {
    return undefined;
  }
}

/** The text of an element; undefined where there is none. */
export function textAt(element: XmlElement | undefined, name: string): string | undefined {
  const value = element?.[name];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}

/** All elements of a name. */
export function elementsAt(element: XmlElement, name: string): XmlElement[] {
  const value = element[name];
  const list = Array.isArray(value) ? value : [value];
  return list.filter((item): item is XmlElement => typeof item === 'object' && item !== null);
}

/** Writes a document of one root element. */
export function xmlDocument(root: string, content: XmlElement): string {
  return builder.build({ [root]: content });
}
