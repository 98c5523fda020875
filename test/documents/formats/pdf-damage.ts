/** Damages a PDF's table of objects, so that a reader has to search for each object. */
export function withoutTable(pdf: Uint8Array): Buffer {
  const text = Buffer.from(pdf).toString('latin1');
  const table = text.lastIndexOf('\nxref\n');
  const entries = text.slice(table).replaceAll(/\d{10} 00000 n/g, '0000000007 00000 n');
  return Buffer.from(text.slice(0, table) + entries.replace(/startxref\n\d+/, 'startxref\n7'), 'latin1');
}
