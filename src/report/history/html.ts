import { printableLines } from '../printable.ts';

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** A text for HTML or SVG, between tags or in a quoted attribute. */
export function escaped(text: string): string {
  return printableLines(text).replace(/[&<>"']/g, char => ENTITIES[char] ?? char);
}
