/**
 * Drops what an ELF executable does not need to run: debug information and the symbol table, which stand
 * behind everything that is loaded (a seventh of the official Node binary). It has to happen before
 * anything is injected: injected data would be dropped with them.
 *
 * Field offsets: System V ABI, "ELF-64 Object File Format", https://uclibc.org/docs/elf-64-gen.pdf
 */
const PROGRAM_HEADERS_AT = 0x20;
const SECTION_HEADERS_AT = 0x28;
const PROGRAM_HEADER_SIZE_AT = 0x36;
const PROGRAM_HEADER_COUNT_AT = 0x38;
const SECTION_HEADER_SIZE_AT = 0x3a;
const SECTION_HEADER_COUNT_AT = 0x3c;
const SECTION_NAMES_INDEX_AT = 0x3e;
const ELF64_LITTLE_ENDIAN = Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1]);
const PT_LOAD = 1;
const SHF_ALLOC = 2n;

/** Returns a smaller copy. Throws when `elf` is not a 64-bit little-endian ELF file of the usual order. */
export function stripElf(elf: Buffer): Buffer {
  if (!elf.subarray(0, 6).equals(ELF64_LITTLE_ENDIAN)) throw new Error('not a 64-bit little-endian ELF file');
  const end = endOfLoadedData(elf);
  const headers = sectionHeaders(elf);
  const kept = headers.filter(
    (header, index) => index === 0 || (header.readBigUInt64LE(8) & SHF_ALLOC) !== 0n,
  );
  if (kept.some((header, index) => header !== headers[index])) {
    throw new Error('a section that is loaded follows one that is not: this file cannot be cut at its end');
  }
  const names = sectionNames(elf, headers);
  const namesHeader = Buffer.from(headers[elf.readUInt16LE(SECTION_NAMES_INDEX_AT)]!);
  namesHeader.writeBigUInt64LE(BigInt(end), 0x18);
  const padding = Buffer.alloc((8 - ((end + names.length) % 8)) % 8);
  const stripped = Buffer.concat([elf.subarray(0, end), names, padding, ...kept, namesHeader]);
  stripped.writeBigUInt64LE(BigInt(end + names.length + padding.length), SECTION_HEADERS_AT);
  stripped.writeUInt16LE(kept.length + 1, SECTION_HEADER_COUNT_AT);
  stripped.writeUInt16LE(kept.length, SECTION_NAMES_INDEX_AT);
  return stripped;
}

function endOfLoadedData(elf: Buffer): number {
  const first = Number(elf.readBigUInt64LE(PROGRAM_HEADERS_AT));
  const size = elf.readUInt16LE(PROGRAM_HEADER_SIZE_AT);
  let end = 0;
  for (let index = 0; index < elf.readUInt16LE(PROGRAM_HEADER_COUNT_AT); index += 1) {
    const header = elf.subarray(first + index * size, first + (index + 1) * size);
    if (header.readUInt32LE(0) !== PT_LOAD) continue;
    end = Math.max(end, Number(header.readBigUInt64LE(8) + header.readBigUInt64LE(32)));
  }
  return end;
}

function sectionHeaders(elf: Buffer): Buffer[] {
  const first = Number(elf.readBigUInt64LE(SECTION_HEADERS_AT));
  const size = elf.readUInt16LE(SECTION_HEADER_SIZE_AT);
  const count = elf.readUInt16LE(SECTION_HEADER_COUNT_AT);
  return Array.from({ length: count }, (_, index) =>
    elf.subarray(first + index * size, first + (index + 1) * size),
  );
}

function sectionNames(elf: Buffer, headers: Buffer[]): Buffer {
  const header = headers[elf.readUInt16LE(SECTION_NAMES_INDEX_AT)]!;
  const start = Number(header.readBigUInt64LE(0x18));
  return elf.subarray(start, start + Number(header.readBigUInt64LE(0x20)));
}
