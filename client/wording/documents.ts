import type { Collection, Document } from '../../src/contract/documents.ts';
import type { ChunkingStrategy, Metadata } from '../../src/contract/upload.ts';
import { whole } from './numbers.ts';

const KINDS: Record<string, string> = {
  'application/pdf': 'PDF',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': 'Word',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': 'Excel',
  'application/vnd.openxmlformats-officedocument.presentationml.presentation': 'PowerPoint',
  'application/vnd.oasis.opendocument.text': 'OpenDocument text',
  'application/vnd.oasis.opendocument.spreadsheet': 'OpenDocument sheet',
  'application/vnd.oasis.opendocument.presentation': 'OpenDocument slides',
  'application/epub+zip': 'EPUB',
  'application/rtf': 'RTF',
  'text/rtf': 'RTF',
  'text/markdown': 'Markdown',
  'text/html': 'HTML',
  'text/csv': 'CSV',
  'text/plain': 'Text',
  'message/rfc822': 'Mail',
};

/** Media types that name no format. */
const VAGUE = [undefined, '', 'application/octet-stream'];

/** Returns the media type of a document; `undefined` if its upload named none. */
export function mediaTypeOf({ media_type: type, filename }: Document): string | undefined {
  if (!VAGUE.includes(type)) return type?.split(';')[0]?.trim().toLowerCase();
  return /\.pdf$/i.test(filename) ? 'application/pdf' : undefined;
}

/** Images that browsers decode. TIFF is none of them. */
const IMAGES = /^image\/(?:png|jpeg|gif|webp|avif|bmp)$/;

export const isPdf = (document: Document): boolean => mediaTypeOf(document) === 'application/pdf';

/** Returns whether the page can show the original as an image. */
export const isImage = (document: Document): boolean => IMAGES.test(mediaTypeOf(document) ?? '');

/** Names the kind of a document: “PDF”, “Word”. Falls back to the type or the ending of the name: “PNG”. */
export function kindOf(document: Document): string {
  const type = mediaTypeOf(document);
  const known = type && KINDS[type];
  if (known) return known;
  const [, ending] = /\.(\w{1,8})$/.exec(document.filename) ?? [];
  return (ending ?? type?.split('/')[1] ?? 'unknown').toUpperCase();
}

export const STRATEGY_WORDS: Record<ChunkingStrategy, string> = {
  sentence: 'Sentences',
  recursive: 'Paragraphs, then smaller',
  markdown: 'Headings',
  page: 'Pages',
  fixed: 'Equal lengths',
};

/** Formats chunk settings: “Sentences, 512 / 50, with hidden content”. */
export function settingsOf(document: Document): string {
  const { chunking_strategy, chunk_size, chunk_overlap, include_hidden } = document;
  const hidden = include_hidden ? ', with hidden content' : '';
  return `${STRATEGY_WORDS[chunking_strategy]}, ${whole(chunk_size)} / ${whole(chunk_overlap)}${hidden}`;
}

/** Formats the models of a collection: “default, 64 dimensions”. */
export function modelOf({ name, dimension }: Collection['models'][number]): string {
  return dimension === undefined ? name : `${name}, ${whole(dimension)} dimensions`;
}

/** Formats a value of metadata so that `parseValue` reads it back: text that looks like another type is quoted. */
export function formatValue(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value);
  return typeof parseValue(value) === 'string' && !/^"|,|^\s|\s$/.test(value) ? value : JSON.stringify(value);
}

/** Parses a value of metadata: a number, `true`, `false`, or text. Quotes make text of a number. */
export function parseValue(text: string): string | number | boolean {
  const trimmed = text.trim();
  if (/^(?:true|false|-?\d+(?:\.\d+)?(?:e[+-]?\d+)?|".*")$/is.test(trimmed))
    try {
      return JSON.parse(trimmed) as string | number | boolean;
    } catch {
      return trimmed;
    }
  return trimmed;
}

/** Parses `team=sea, year=2026`. @returns `undefined` for another form */
export function parseMetadata(text: string): Metadata | undefined {
  const metadata: Metadata = {};
  const pairs = text.match(/(?:[^",]|"(?:[^"\\]|\\.)*")+/g) ?? [];
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    const key = pair.slice(0, at).trim();
    if (at < 0 || key === '') return undefined;
    metadata[key] = parseValue(pair.slice(at + 1));
  }
  return metadata;
}
