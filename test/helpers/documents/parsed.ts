import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { ParseEvent } from '../../../src/contract/services/processor.ts';
import { parseDocument } from '../../../src/processor/parsers/document.ts';

/** What is read from a file's bytes, by default from one without a telling name: its text, segments and metadata. */
export async function parsed(content: Uint8Array | string, filename = 'x', mediaType = '') {
  const folder = await mkdtemp(join(tmpdir(), 'parsed-'));
  try {
    const path = join(folder, 'upload.pdf');
    await writeFile(path, content);
    const events: ParseEvent[] = [];
    for await (const event of parseDocument({ path, filename, mediaType }, 20_000_000)) events.push(event);
    const segments = events.filter((event) => event.type === 'segment');
    const end = events.find((event) => event.type === 'end');
    return { text: segments.map(({ text }) => text).join(''), segments, metadata: end?.metadata };
  } finally {
    await rm(folder, { recursive: true });
  }
}
