/**
 * Draws dist/static/icon.ico: `node dist/build/draw-icon.ts`. Needed again only when the drawing changes.
 *
 * A picture is a function from a point (x to the right, y down, both 0 to 1) to a colour.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';

type Colour = readonly [red: number, green: number, blue: number, alpha: number];

const SIZES = [16, 24, 32, 48, 64, 256];
const SAMPLES = 4;
const NOTHING: Colour = [0, 0, 0, 0];
const BLUE: Colour = [0, 110, 255, 255];
const WHITE: Colour = [255, 255, 255, 255];

/** A cloud with an arrow going up into it, on a rounded square. */
function colourAt(x: number, y: number): Colour {
  if (!insideRoundedSquare(x, y, 0.2)) return NOTHING;
  if (insideArrow(x, y)) return BLUE;
  return insideCloud(x, y) ? WHITE : BLUE;
}

function insideRoundedSquare(x: number, y: number, radius: number): boolean {
  const dx = Math.max(radius - x, x - (1 - radius), 0);
  const dy = Math.max(radius - y, y - (1 - radius), 0);
  return dx * dx + dy * dy <= radius * radius;
}

function insideCloud(x: number, y: number): boolean {
  const inCircle = (cx: number, cy: number, r: number) => (x - cx) ** 2 + (y - cy) ** 2 <= r * r;
  const inBase = x >= 0.28 && x <= 0.73 && y >= 0.5 && y <= 0.73;
  return inBase || inCircle(0.28, 0.58, 0.15) || inCircle(0.46, 0.44, 0.2) || inCircle(0.7, 0.56, 0.17);
}

function insideArrow(x: number, y: number): boolean {
  const fromMiddle = Math.abs(x - 0.49);
  const inShaft = fromMiddle <= 0.045 && y >= 0.48 && y <= 0.73;
  const inHead = y >= 0.4 && y <= 0.56 && fromMiddle <= (y - 0.4) * 0.95;
  return inShaft || inHead;
}

/** Raw PNG scan lines, each pixel the mean of SAMPLES × SAMPLES points. */
function scanLines(size: number): Buffer {
  const lines = Buffer.alloc(size * (1 + size * 4));
  for (let row = 0; row < size; row += 1) {
    for (let column = 0; column < size; column += 1) {
      lines.set(meanColour(column, row, size), row * (1 + size * 4) + 1 + column * 4);
    }
  }
  return lines;
}

function meanColour(column: number, row: number, size: number): number[] {
  const sum = [0, 0, 0, 0];
  for (let sample = 0; sample < SAMPLES * SAMPLES; sample += 1) {
    const x = (column + ((sample % SAMPLES) + 0.5) / SAMPLES) / size;
    const y = (row + (Math.floor(sample / SAMPLES) + 0.5) / SAMPLES) / size;
    const [red, green, blue, alpha] = colourAt(x, y);
    sum[0]! += red * alpha;
    sum[1]! += green * alpha;
    sum[2]! += blue * alpha;
    sum[3]! += alpha;
  }
  const alpha = sum[3]!;
  if (alpha === 0) return [0, 0, 0, 0];
  return [sum[0]! / alpha, sum[1]! / alpha, sum[2]! / alpha, alpha / SAMPLES ** 2].map(Math.round);
}

function png(size: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size, 0);
  header.writeUInt32BE(size, 4);
  header.set([8, 6, 0, 0, 0], 8); // 8 bits a channel, red green blue alpha
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(scanLines(size), { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'ascii'), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  body.copy(framed, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}

/** The ICO container: a directory of 16 bytes a picture, then the pictures. */
function ico(pictures: { size: number; data: Buffer }[]): Buffer {
  const directory = Buffer.alloc(6 + pictures.length * 16);
  directory.writeUInt16LE(1, 2);
  directory.writeUInt16LE(pictures.length, 4);
  let offset = directory.length;
  for (const [index, { size, data }] of pictures.entries()) {
    const entry = directory.subarray(6 + index * 16);
    entry[0] = size % 256; // 0 stands for 256
    entry[1] = size % 256;
    entry.writeUInt16LE(1, 4);
    entry.writeUInt16LE(32, 6);
    entry.writeUInt32LE(data.length, 8);
    entry.writeUInt32LE(offset, 12);
    offset += data.length;
  }
  return Buffer.concat([directory, ...pictures.map(picture => picture.data)]);
}

const pictures = SIZES.map(size => ({ size, data: png(size) }));
writeFileSync(join(import.meta.dirname, '..', 'static', 'icon.ico'), ico(pictures));
