/**
 * Whether every block of a 64-bit executable's relocation table is sound. Windows moves each program to another
 * address at its start and needs the table for it; wine does not and would not notice that it is broken.
 *
 * https://learn.microsoft.com/windows/win32/debug/pe-format#the-reloc-section-image-only
 */
export function isRelocatable(exe: Buffer): boolean {
  const header = exe.readUInt32LE(0x3c);
  const optional = header + 24;
  const imageSize = exe.readUInt32LE(optional + 56);
  const table = exe.readUInt32LE(optional + 112 + 5 * 8);
  const tableSize = exe.readUInt32LE(optional + 112 + 5 * 8 + 4);
  const start = fileOffset(exe, header, table);
  if (start === undefined || tableSize === 0) return false;
  let at = start;
  while (at < start + tableSize) {
    const size = exe.readUInt32LE(at + 4);
    if (size < 8 || exe.readUInt32LE(at) >= imageSize) return false;
    at += size;
  }
  return at === start + tableSize;
}

function fileOffset(exe: Buffer, header: number, address: number): number | undefined {
  const sections = header + 24 + exe.readUInt16LE(header + 20);
  for (let index = 0; index < exe.readUInt16LE(header + 6); index += 1) {
    const section = sections + index * 40;
    const first = exe.readUInt32LE(section + 12);
    if (address < first || address >= first + exe.readUInt32LE(section + 16)) continue;
    return exe.readUInt32LE(section + 20) + address - first;
  }
  return undefined;
}
