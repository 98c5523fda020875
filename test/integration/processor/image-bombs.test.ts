import { crc32 } from 'node:zlib';
import sharp from 'sharp';
import { beforeAll, expect, it } from 'vitest';

import { parseOutcome } from '../../helpers/documents/parse-outcome.ts';
import { MOST_CHILD_MIB, PeakMemory } from '../../helpers/measures/peak-memory.ts';
import { startTestProcessor } from '../../helpers/processors/processor.ts';
import { use } from '../../helpers/servers/use.ts';

const processor = use(() => startTestProcessor({ timeoutMs: 20_000 }));
let memory: PeakMemory;

beforeAll(() => {
  memory = new PeakMemory();
});

/** A PNG of a few bytes that claims a size. */
function pngOf(width: number, height: number): Buffer<ArrayBuffer> {
  const chunk = (name: string, content: Buffer) => {
    const body = Buffer.concat([Buffer.from(name), content]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(content.length);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, sum]);
  };
  const head = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0]);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  const data = Buffer.from([0x78, 0x9c, 0x63, 0, 0, 0, 1, 0, 1]);
  const start = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
  return Buffer.concat([start, chunk('IHDR', head), chunk('IDAT', data), chunk('IEND', Buffer.alloc(0))]);
}

/** A TIFF of many pages, each of a size that it does not have. */
function tiffOf(pages: number, size: number): Buffer<ArrayBuffer> {
  const entries = [
    [0x100, size],
    [0x101, size],
    [0x102, 8],
    [0x103, 1],
    [0x106, 1],
    [0x111, 8],
    [0x115, 1],
    [0x116, size],
    [0x117, 100],
  ];
  const pageBytes = 2 + entries.length * 12 + 4;
  const file = Buffer.alloc(8 + pages * pageBytes);
  file.write('II*\0', 'latin1');
  file.writeUInt32LE(8, 4);
  for (let page = 0; page < pages; page++) {
    const at = 8 + page * pageBytes;
    file.writeUInt16LE(entries.length, at);
    for (const [index, [tag = 0, value = 0]] of entries.entries()) {
      const entry = at + 2 + index * 12;
      file.writeUInt16LE(tag, entry);
      file.writeUInt16LE(4, entry + 2);
      file.writeUInt32LE(1, entry + 4);
      file.writeUInt32LE(value, entry + 8);
    }
    if (page + 1 < pages) file.writeUInt32LE(at + pageBytes, at + pageBytes - 4);
  }
  return file;
}

async function animation(frames: number): Promise<Buffer<ArrayBuffer>> {
  const dots = Buffer.from(
    Array.from({ length: 32 * 32 * frames }, (_, at) => ((at / 1024) % 2 > 1 ? 255 : 0)),
  );
  const raw = { width: 32, height: 32 * frames, channels: 1 as const, pageHeight: 32 };
  return Buffer.from(
    await sharp(dots, { raw })
      .webp({ loop: 0, delay: frames > 1 ? Array<number>(frames).fill(50) : 50 })
      .toBuffer(),
  );
}

it.each<[string, string, () => Buffer<ArrayBuffer> | Promise<Buffer<ArrayBuffer>>]>([
  ['a PNG that claims 60,000 × 60,000 dots', 'a.png', () => pngOf(60_000, 60_000)],
  ['a TIFF of 10,000 pages that claim 60,000 × 60,000 dots', 'a.tiff', () => tiffOf(10_000, 60_000)],
  ['an animation of 20 pictures', 'a.webp', () => animation(20)],
])('%s ends without a text, while a memo is read', async (_, filename, bytes) => {
  const bomb = parseOutcome(processor.url, new Uint8Array(await bytes()), filename);
  expect(await parseOutcome(processor.url, 'A memo.', 'memo.txt')).toEqual({ text: 'A memo.' });
  const outcome = await bomb;
  expect('code' in outcome ? outcome.code : outcome).toMatch(/^(?:corrupt|no_text_layer)$/);
});

it('none of these has taken more memory than a child is granted', async () => {
  expect(await memory.stop()).toBeLessThan(MOST_CHILD_MIB);
});
