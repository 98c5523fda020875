import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { ParseEvent } from '../../../src/contract/services/processor.ts';
import { parseDocument } from '../../../src/processor/parsers/document.ts';
import type { BlockReader } from '../../../src/processor/parsers/blocks/block-events.ts';
import { Reading } from '../../../src/processor/parsers/blocks/reading.ts';
import { readXml } from '../../../src/processor/parsers/markup/read-xml.ts';
import type { XmlElement } from '../../../src/processor/parsers/markup/xml-element.ts';
import { writeBlocks } from '../../../src/processor/parsers/blocks/write-blocks.ts';

/** What is read from a file's bytes, by default from one without a telling name: its text, segments and metadata. */
export async function parsed(
  content: Uint8Array | string,
  filename = 'x',
  mediaType = '',
  options: { includeHidden?: boolean } = {},
) {
  const folder = await mkdtemp(join(tmpdir(), 'parsed-'));
  try {
    const path = join(folder, 'upload.pdf');
    await writeFile(path, content);
    const events: ParseEvent[] = [];
    for await (const event of parseDocument(
      { path, filename, mediaType },
      { maxTextChars: 20_000_000, ...options },
    ))
      events.push(event);
    const segments = events.filter((event) => event.type === 'segment');
    const end = events.find((event) => event.type === 'end');
    return { text: segments.map(({ text }) => text).join(''), segments, metadata: end?.metadata };
  } finally {
    await rm(folder, { recursive: true });
  }
}

const MAX_TEXT_CHARS = 20_000_000;

/** The root of XML; undefined if it has no element. */
export const xmlTree = (xml: string): XmlElement | undefined =>
  readXml(xml, new Reading(MAX_TEXT_CHARS).elements).next().value ?? undefined;

/** Reads a file by a reader of blocks: its text, its segments, and the number of hidden parts that were left out. */
export function readBlocks(read: BlockReader, content: Uint8Array, includesHidden = false) {
  const reading = new Reading(MAX_TEXT_CHARS, includesHidden);
  const events = [...writeBlocks(read(Buffer.from(content), reading), MAX_TEXT_CHARS)];
  const segments = events.filter((event) => event.type === 'segment');
  return { text: segments.map(({ text }) => text).join(''), segments, hiddenLeftOut: reading.hiddenLeftOut };
}
