/**
 * Shortens a long byte string to a few thousand bytes that have the same CRC-64.
 *
 * A CRC is the remainder of a division by a polynomial, and stays the same whatever multiple of that polynomial is
 * added. One of its multiples is x^DEGREE plus six other powers; squared three times it is a multiple still, and its
 * exponents count bytes. So a byte is cancelled by adding it to six bytes behind it, and sixteen are in one step:
 * several times as fast as dividing with tables. Source: Russell, "Chorba: A novel CRC32 implementation".
 */

/** The exponents of the multiple but the highest, which is DEGREE. */
export const EXPONENTS: readonly number[] = [0, 153, 509, 1008, 1162, 1251, 1286];
export const DEGREE = 1403;

/** bytes that a step cancels; those that it adds to are behind them */
const STEP = 16;
/** bytes from one that is cancelled to the last that it is added to, as whole steps */
const REACH = Math.ceil(DEGREE / STEP) * STEP;
/** bytes that are folded together; with what they are added to, a processor's cache holds them */
const TOGETHER = 64 * 1024;
/** Where memory holds what comes: behind what was folded before, and is still to be added to it. */
const START = REACH;
/** Where it has room for what is left at the end. */
const LEFT = START + TOGETHER;
const PAGE = 64 * 1024;
const PAGES = Math.ceil((LEFT + REACH + STEP) / PAGE);
/** A CRC-64 begins with a remainder of ones: as if these bytes were all ones added to what they are. */
const FIRST = 8;

/** Folds one byte string after another. */
export interface Fold {
  update(bytes: Uint8Array): void;
  /** The bytes that are left of all; begins anew with the next. */
  finish(): Uint8Array;
}

export function createFold(): Fold {
  const { memory: pages, fold } = new WebAssembly.Instance(compile()).exports as unknown as Exports;
  const memory = new Uint8Array(pages.buffer);
  let filled = 0;
  let isFolded = false;

  /** Folds what came but for its end, which what comes next is to be added to. */
  function foldMost(): void {
    if (!isFolded) invert(memory, START);
    isFolded = true;
    const count = Math.floor((filled - REACH) / STEP) * STEP;
    if (count > 0) fold(0, count, 0);
    memory.copyWithin(0, count, START + filled);
    filled -= count;
  }

  /** What was folded is added to the end, which itself is added to nothing. */
  function foldIntoEnd(): Uint8Array {
    foldMost();
    const end = memory.slice(START, START + filled);
    const whole = Math.ceil(filled / STEP) * STEP;
    memory.fill(0, START, START + whole);
    fold(0, whole, TOGETHER);
    for (let at = 0; at < filled; at++) end[at]! ^= memory[LEFT + at]!;
    invert(end, 0);
    return end;
  }

  return {
    update(bytes) {
      for (let taken = 0; taken < bytes.length; ) {
        const piece = bytes.subarray(taken, taken + TOGETHER - filled);
        memory.set(piece, START + filled);
        filled += piece.length;
        taken += piece.length;
        if (filled === TOGETHER) foldMost();
      }
    },
    finish() {
      const left = isFolded ? foldIntoEnd() : memory.slice(START, START + filled);
      if (isFolded) memory.fill(0, 0, START);
      isFolded = false;
      filled = 0;
      return left;
    },
  };
}

function invert(bytes: Uint8Array, start: number): void {
  for (let at = start; at < start + FIRST; at++) bytes[at]! ^= 0xff;
}

interface Exports {
  memory: WebAssembly.Memory;
  /** Adds to each step what is before it, and writes the sums from `into` on. All are bytes behind START. */
  fold(from: number, to: number, into: number): void;
}

const I32 = 0x7f;
const END = 0x0b;
/** The parameters. */
const [FROM, TO, INTO] = [0, 1, 2];

/** Source: WebAssembly Core Specification 2.0, 5 "Binary Format". */
const PROGRAM = Uint8Array.from([
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
  ...section(1, [[0x60, ...vector([[I32], [I32], [I32]]), ...vector([])]]),
  ...section(3, [[0]]),
  ...section(5, [[0, ...unsigned(PAGES)]]),
  ...section(7, [
    [...sized([...Buffer.from('memory')]), 2, 0],
    [...sized([...Buffer.from('fold')]), 0, 0],
  ]),
  ...section(10, [sized([...vector([]), ...loop(), END])]),
]);

let compiled: WebAssembly.Module | undefined;

/** Whether the processor can: the plainest virtual ones have no instructions for sixteen bytes. */
export function canFold(): boolean {
  return compiled !== undefined || WebAssembly.validate(PROGRAM);
}

function compile(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(PROGRAM);
  return compiled;
}

/** do { store(into, load(from) ^ load(from - …) ^ …) } while ((from += STEP) < to), sixteen bytes in a register. */
function loop(): number[] {
  const load = (distance: number) => [...get(FROM), 0xfd, 0x00, 0x00, ...unsigned(START - distance)];
  const advance = (parameter: number) => [...get(parameter), 0x41, STEP, 0x6a, 0x21, parameter];
  const added = [...EXPONENTS].flatMap(exponent => [...load(DEGREE - exponent), 0xfd, 0x51]);
  const sum = [...load(0), ...added];
  const store = [...get(INTO), ...sum, 0xfd, 0x0b, 0x00, ...unsigned(START)];
  const again = [...get(FROM), ...get(TO), 0x49, 0x0d, 0x00];
  return [0x03, 0x40, ...store, ...advance(FROM), ...advance(INTO), ...again, END];
}

function get(parameter: number): number[] {
  return [0x20, parameter];
}

function section(id: number, items: number[][]): number[] {
  return [id, ...sized(vector(items))];
}

function vector(items: number[][]): number[] {
  return [...unsigned(items.length), ...items.flat()];
}

function sized(bytes: number[]): number[] {
  return [...unsigned(bytes.length), ...bytes];
}

/** LEB128. */
function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}
