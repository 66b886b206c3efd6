import { createCRC64 } from 'hash-wasm';

/** A running CRC-64 (ECMA-182, reflected: what COS sends as x-cos-hash-crc64ecma). */
export type Crc64 = Awaited<ReturnType<typeof createCRC64>>;

const idle: Crc64[] = [];
let shared: Crc64 | undefined;

/** Makes crc64Of ready; once, before anything is served. */
export async function prepareCrc64(): Promise<void> {
  shared ??= await createCRC64();
}

/** The digest as COS writes it: an unsigned decimal. */
export function crcDecimal(crc: Crc64): string {
  return BigInt(`0x${crc.digest('hex')}`).toString();
}

/** CRC-64 of bytes that are all in memory, as an unsigned decimal. */
export function crc64Of(data: Uint8Array): string {
  if (!shared) throw new Error('prepareCrc64 was not awaited');
  return crcDecimal(shared.init().update(data));
}

/** Lends a running CRC-64; each is a WebAssembly instance, dear to make and cheap to use again. */
export async function borrowCrc64(): Promise<Crc64> {
  const crc = idle.pop() ?? (await createCRC64());
  return crc.init();
}

/** Takes back what borrowCrc64 lent. */
export function returnCrc64(crc: Crc64): void {
  if (idle.length < 64) idle.push(crc);
}

const POLYNOMIAL = 0xc96c5795d7870f42n;
const ONE = 1n << 63n;

/** a·b modulo the polynomial, bits reflected: the highest bit is x⁰. */
function multiply(a: bigint, b: bigint): bigint {
  let product = 0n;
  let factor = b;
  for (let bit = ONE; bit > 0n; bit >>= 1n) {
    if (a & bit) product ^= factor;
    factor = factor & 1n ? (factor >> 1n) ^ POLYNOMIAL : factor >> 1n;
  }
  return product;
}

/** x^(8·2^i) for i = 0…52: every length in bytes up to 2^53 is a product of some of these. */
const powers: bigint[] = [1n << 55n];
for (let i = 1; i < 53; i++) powers.push(multiply(powers[i - 1]!, powers[i - 1]!));

function shiftBy(bytes: number): bigint {
  let operator = ONE;
  for (let rest = bytes, i = 0; rest > 0; rest = Math.floor(rest / 2), i++) {
    if (rest % 2 === 1) operator = multiply(powers[i]!, operator);
  }
  return operator;
}

/**
 * CRC-64 of the concatenation of pieces whose CRC-64s and lengths in bytes are known, as an unsigned decimal.
 * The way zlib's crc32_combine goes, in 64 bits.
 */
export function combineCrc64(pieces: readonly { crc: string; size: number }[]): string {
  const operators = new Map<number, bigint>();
  let total = 0n;
  for (const { crc, size } of pieces) {
    let operator = operators.get(size);
    if (operator === undefined) {
      operator = shiftBy(size);
      operators.set(size, operator);
    }
    total = multiply(operator, total) ^ BigInt(crc);
  }
  return total.toString();
}
