import { XMLBuilder } from 'fast-xml-parser';
import { SaxesParser } from 'saxes';

/** An element's content: texts and elements by name, several of a name as an array. */
export type XmlElement = Readonly<Record<string, unknown>>;

const builder = new XMLBuilder();

/** Keys hold characters that XML cannot carry, and what is not well-formed for that alone says what it says. */
const FORGIVEN = /(?:^|: )(?:disallowed character|malformed character entity|undefined entity)\.$/;

/**
 * Reads an answer's root element; undefined where the text has no such root, or is no XML at all. A listing of a
 * thousand objects is read at once: a parser that makes more of each element than this takes ten times as long.
 */
export function xmlOf(text: string, root: string): XmlElement | undefined {
  if (!text.includes('<')) return undefined;
  try {
    // COS may keep a connection open with white space until it knows its answer.
    const element = read(withControls(text.trimStart()))[root];
    if (element === '') return {};
    return typeof element === 'object' && element !== null ? (element as XmlElement) : undefined;
  } catch {
    return undefined;
  }
}

/** References to characters that XML has no references for. */
const CONTROL = /&#(?:x0*([1-8bcef]|1[0-9a-f])|0*([1-8]|1[124-9]|2\d|3[01]));/gi;

/** As most servers write control characters of keys. */
function withControls(text: string): string {
  if (!text.includes('&#')) return text;
  return text.replace(CONTROL, (_, hex?: string, decimal = '') =>
    String.fromCharCode(hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)),
  );
}

/** @throws Error where it is no XML */
function read(text: string): XmlElement {
  const parser = new SaxesParser({ position: false });
  const above: Record<string, unknown>[] = [];
  let element: Record<string, unknown> = {};
  let content = '';
  let isEmpty = true;
  parser.on('error', error => {
    if (!FORGIVEN.test(error.message)) throw error;
  });
  parser.on('opentagstart', () => {
    above.push(element);
    element = {};
    content = '';
    isEmpty = true;
  });
  const addText = (piece: string) => {
    content += piece;
  };
  parser.on('text', addText);
  parser.on('cdata', addText);
  parser.on('closetag', ({ name }) => {
    const value = isEmpty ? content : element;
    element = above.pop() ?? {};
    add(element, name, value);
    content = '';
    isEmpty = false;
  });
  parser.write(text).close();
  return element;
}

function add(element: Record<string, unknown>, name: string, value: unknown): void {
  const known = Object.hasOwn(element, name) ? element[name] : undefined;
  if (known === undefined) element[name] = value;
  else if (Array.isArray(known)) known.push(value);
  else element[name] = [known, value];
}

/** The text of an element; undefined where there is none. */
export function textAt(element: XmlElement | undefined, name: string): string | undefined {
  const value = element?.[name];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}

/** All elements of a name; one without elements of its own is empty. */
export function elementsAt(element: XmlElement, name: string): XmlElement[] {
  const value = element[name];
  if (value === undefined) return [];
  const list: unknown[] = Array.isArray(value) ? value : [value];
  return list.map(item => (typeof item === 'object' && item !== null ? (item as XmlElement) : {}));
}

/** Writes a document of one root element. */
export function xmlDocument(root: string, content: XmlElement): string {
  return builder.build({ [root]: content });
}
