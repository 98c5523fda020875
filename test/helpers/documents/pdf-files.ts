interface PdfOptions {
  /** What the letters of the page's strings stand for, by their codes; without it, they are Latin. */
  toUnicode?: ReadonlyMap<number, string>;
  /** What makes the filtered bytes of a stream. */
  encode?: { filter: string; bytes: (content: Buffer) => Buffer };
}

/** A small but real PDF. @param pages what is drawn on each, in the operators of page descriptions; font F1 is there */
export function pdf(pages: readonly string[], { toUnicode, encode }: PdfOptions = {}): Buffer {
  const objects: Buffer[] = [];
  const add = (body: string) => objects.push(Buffer.from(body, 'latin1'));
  const stream = (content: string) => {
    const plain = Buffer.from(content, 'latin1');
    const bytes = encode?.bytes(plain) ?? plain;
    const filter = encode ? `/Filter /${encode.filter} ` : '';
    objects.push(
      Buffer.concat([
        Buffer.from(`<< ${filter}/Length ${bytes.length} >>\nstream\n`),
        bytes,
        Buffer.from('\nendstream'),
      ]),
    );
    return objects.length;
  };
  add('<< /Type /Catalog /Pages 2 0 R >>');
  const kids = pages.map((_, index) => `${5 + index * 2} 0 R`).join(' ');
  add(`<< /Type /Pages /Kids [${kids}] /Count ${pages.length} >>`);
  stream(toUnicodeMap(toUnicode ?? new Map()));
  const unicode = toUnicode ? '/ToUnicode 3 0 R ' : '';
  add(`<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding ${unicode}>>`);
  for (const content of pages) {
    add(
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents ${objects.length + 2} 0 R /Resources << /Font << /F1 4 0 R >> >> >>`,
    );
    stream(content);
  }
  return withTable(objects);
}

/** A line of text on a page. @param at from the left and from the bottom, in points */
export function textAt(text: string, at: readonly [x: number, y: number], size = 12): string {
  return `BT /F1 ${size} Tf ${at.join(' ')} Td (${text.replace(/[\\()]/g, String.raw`\$&`)}) Tj ET\n`;
}

/** Draws text that is turned to the left. @param at its start, from the left and from the bottom, in points */
export function turnedTextAt(text: string, at: readonly [x: number, y: number], degrees: number): string {
  const [sin, cos] = [Math.sin, Math.cos].map((ratio) => ratio((degrees * Math.PI) / 180).toFixed(4));
  return `BT /F1 12 Tf ${cos} ${sin} ${-Number(sin)} ${cos} ${at.join(' ')} Tm (${text}) Tj ET\n`;
}

function toUnicodeMap(map: ReadonlyMap<number, string>): string {
  const hex = (text: string) => Buffer.from(text, 'utf16le').swap16().toString('hex');
  const entries = [...map].map(([code, text]) => `<${code.toString(16).padStart(2, '0')}> <${hex(text)}>`);
  return (
    '/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def /CMapType 2 def\n' +
    `1 begincodespacerange <00> <ff> endcodespacerange\n${entries.length} beginbfchar\n${entries.join('\n')}\nendbfchar\n` +
    'endcmap end end'
  );
}

function withTable(objects: readonly Buffer[]): Buffer {
  const parts: Buffer[] = [Buffer.from('%PDF-1.7\n')];
  const offsets: number[] = [];
  let length = parts[0]!.length;
  for (const [index, body] of objects.entries()) {
    offsets.push(length);
    const object = Buffer.concat([Buffer.from(`${index + 1} 0 obj\n`), body, Buffer.from('\nendobj\n')]);
    parts.push(object);
    length += object.length;
  }
  const entries = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
  const trailer =
    `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${entries}` +
    `trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${length}\n%%EOF\n`;
  return Buffer.concat([...parts, Buffer.from(trailer)]);
}
