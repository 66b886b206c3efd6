import { createCRC64, type IHasher } from 'hash-wasm';
import { canFold, createFold } from './fold.ts';

/** CRC-64/XZ (ECMA-182, reflected): what COS answers as x-cos-hash-crc64ecma. */
const POLYNOMIAL = 0xc96c5795d7870f42n;
const BITS = 64;

type Matrix = readonly bigint[];

/** Each takes memory of its own; more than these are made anew. */
const MOST_IDLE = 64;
const idle: Running[] = [];

/** Sums up one byte string after another. */
interface Running {
  update(bytes: Uint8Array): void;
  /** In hex; begins anew. */
  digest(): string;
}

/** A running CRC-64 of bytes that come in pieces. */
export interface Crc64 {
  update(bytes: Uint8Array): void;
  /** The CRC-64 of all bytes so far as an unsigned decimal, COS's notation. Ends this Crc64. */
  digest(): string;
}

/** Starts a CRC-64. */
export async function startCrc64(): Promise<Crc64> {
  const running = idle.pop() ?? (canFold() ? await createFolding() : await createDividing());
  return {
    update: running.update,
    digest() {
      const value = BigInt(`0x${running.digest()}`).toString();
      if (idle.length < MOST_IDLE) idle.push(running);
      return value;
    },
  };
}

let divider: IHasher | undefined;

/** Divides only what folding leaves. */
async function createFolding(): Promise<Running> {
  divider ??= await createCRC64();
  const { init } = divider;
  const { update, finish } = createFold();
  return { update, digest: () => init().update(finish()).digest('hex') };
}

async function createDividing(): Promise<Running> {
  const hasher = await createCRC64();
  return {
    update: bytes => void hasher.update(bytes),
    digest() {
      const sum = hasher.digest('hex');
      hasher.init();
      return sum;
    },
  };
}

/**
 * The CRC-64 of two byte strings put together, from the CRC-64 of each:
 * appending n bytes multiplies the first CRC by x^(8n) modulo the polynomial.
 * @param first CRC-64 of the first string, unsigned decimal
 * @param second CRC-64 of the second string, unsigned decimal
 * @param secondLength length of the second string in bytes
 */
export function combineCrc64(first: string, second: string, secondLength: number): string {
  return (multiply(appendZeros(secondLength), BigInt(first)) ^ BigInt(second)).toString();
}

const appendCache = new Map<number, Matrix>();

function appendZeros(bytes: number): Matrix {
  const cached = appendCache.get(bytes);
  if (cached) return cached;
  let result: Matrix = identity();
  let power = square(square(square(oneZeroBit())));
  for (let left = bytes; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) result = product(power, result);
    power = square(power);
  }
  if (appendCache.size > 16) appendCache.clear();
  appendCache.set(bytes, result);
  return result;
}

function identity(): Matrix {
  return Array.from({ length: BITS }, (_, bit) => 1n << BigInt(bit));
}

function oneZeroBit(): Matrix {
  return [POLYNOMIAL, ...Array.from({ length: BITS - 1 }, (_, bit) => 1n << BigInt(bit))];
}

function multiply(matrix: Matrix, vector: bigint): bigint {
  let sum = 0n;
  for (let bit = 0, rest = vector; rest > 0n; bit++, rest >>= 1n) {
    if (rest & 1n) sum ^= matrix[bit] as bigint;
  }
  return sum;
}

function product(left: Matrix, right: Matrix): Matrix {
  return right.map(column => multiply(left, column));
}

function square(matrix: Matrix): Matrix {
  return product(matrix, matrix);
}
