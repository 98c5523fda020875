import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const ELF_64_LITTLE_ENDIAN = '7f454c460201';

/**
 * Returns the part of an ELF file that the system loads. The program headers name all of it. Debug symbols and
 * section headers follow, which only debuggers read. Throws on other files.
 */
function loadedPart(file) {
  if (file.toString('hex', 0, 6) !== ELF_64_LITTLE_ENDIAN) throw new Error('it is no 64-bit ELF file');
  const headersAt = Number(file.readBigUInt64LE(0x20));
  const headerSize = file.readUInt16LE(0x36);
  const headerCount = file.readUInt16LE(0x38);
  let end = headersAt + headerSize * headerCount;
  for (let index = 0; index < headerCount; index++) {
    const header = headersAt + headerSize * index;
    const segmentEnd = file.readBigUInt64LE(header + 0x08) + file.readBigUInt64LE(header + 0x20);
    end = Math.max(end, Number(segmentEnd));
  }
  if (end > file.length) throw new Error('it is cut off');
  const part = Buffer.from(file.subarray(0, end));
  // Zeroes the place and number of the section headers, because the file has none now.
  part.fill(0, 0x28, 0x30);
  part.fill(0, 0x3c, 0x40);
  return part;
}

/**
 * Removes the debug symbols of the native add-on at `path`, once Node has loaded the rest.
 * Returns the number of bytes saved. Throws, and leaves the add-on unchanged, if the rest does not load.
 */
export function stripAddon(path) {
  const file = readFileSync(path);
  const part = loadedPart(file);
  // Writes a new file. A process that runs the old one keeps it, and so does a checkout that hard-links it.
  const stripped = path.replace(/\.node$/, '.stripped.node');
  try {
    writeFileSync(stripped, part);
    createRequire(path)(stripped);
    renameSync(stripped, path);
  } finally {
    rmSync(stripped, { force: true });
  }
  return file.length - part.length;
}
