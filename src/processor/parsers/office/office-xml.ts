import { strFromU8, strToU8, unzipSync, zipSync } from 'fflate';

import { ProcessorError } from '../../errors.ts';
import { withoutHiddenText } from './open-document-hidden.ts';
import { normalizeOpenDocument } from './open-document-xml.ts';
import { plainTags } from '../html/plain-tags.ts';
import { normalizeSheets } from './sheet-xml.ts';
import { normalizeSlide } from './slide-xml.ts';
import { normalizeWords } from './word-xml.ts';
import type { XmlParts } from './xml-parts.ts';

/** Limit in bytes. Normalizing holds a document several times, so larger ones stay unchanged. */
const MAX_XML_BYTES = 32 * 1024 * 1024;

/** Characters to search for namespaces. A part's first element declares many. */
const START_CHARS = 4096;

/** A document type before the first element. The formats use none, so such a part is an attack. */
const FOREIGN_TYPE = /^(?:\s|<\?(?:(?!\?>)[^])*\?>|<!--(?:(?!-->)[^])*-->)*<!doctype/i;
/** Parts beside XML that may hold a Word document's text, such as pasted HTML. */
const PASTED_PART = /^word\/(?!embeddings\/).*\.(?:html?|xhtml|mht|mhtml|rtf|txt|docx)$/i;
const OFFICE_PART = /^(?:(?:word|ppt|xl)\/|(?:content|styles)\.xml$)/;
const DECLARES_TYPE =
  'The file declares XML of its own, as no Office document does. Save it again with an Office program.';

/** The library knows the elements of a vocabulary by these prefixes only. Files may use others. */
const PREFIXES: readonly [vocabulary: RegExp, prefix: string][] = [
  [/spreadsheetml(?:\/2006)?\/main$/, ''],
  [/wordprocessingml(?:\/2006)?\/main$/, 'w:'],
  [/presentationml(?:\/2006)?\/main$/, 'p:'],
];

type Normalizer = (parts: XmlParts) => void;
type Format = 'docx' | 'pptx' | 'xlsx' | 'odt' | 'odp' | 'ods';

const openDocument: Normalizer = (parts) => {
  const styles = parts.get('styles.xml') ?? '';
  for (const [name, xml] of parts) parts.set(name, normalizeOpenDocument(withoutHiddenText(xml, styles)));
};

const NORMALIZERS: Readonly<Record<Format, Normalizer>> = {
  docx: normalizeWords,
  xlsx: normalizeSheets,
  pptx: (parts) => {
    for (const [name, xml] of parts) {
      if (/^ppt\/(?:slides|notesSlides)\/[^/]+$/.test(name)) parts.set(name, normalizeSlide(xml));
    }
  },
  odt: openDocument,
  odp: openDocument,
  ods: openDocument,
};

/**
 * Rewrites constructs that the office library overlooks: localised heading styles, dates in cells, slide numbers. It
 * keeps only parts with text. A file that it cannot unpack, or that is too large, stays unchanged.
 * @throws {ProcessorError} `corrupt` if a part begins with a document type
 */
export function normalizeOffice(bytes: Uint8Array, format: Format): Uint8Array {
  const unpacked = unpack(bytes);
  if (!unpacked) return bytes;
  const { parts, pasted } = unpacked;
  for (const [name, xml] of parts) {
    if (OFFICE_PART.test(name) && FOREIGN_TYPE.test(xml.slice(0, START_CHARS)))
      throw new ProcessorError('corrupt', { detail: DECLARES_TYPE });
    parts.set(name, withKnownPrefix(OFFICE_PART.test(name) ? plainTags(xml) : xml));
  }
  NORMALIZERS[format](parts);
  const files = [...parts].map(([name, xml]) => [name, strToU8(xml)] as const);
  return zipSync({ ...Object.fromEntries(pasted), ...Object.fromEntries(files) }, { level: 0 });
}

function unpack(bytes: Uint8Array): { parts: XmlParts; pasted: [string, Uint8Array][] } | undefined {
  let size = 0;
  const isXml = (name: string) => /\.(?:xml|rels)$/i.test(name);
  const hasText = (name: string) => isXml(name) || PASTED_PART.test(name);
  try {
    const files = unzipSync(bytes, {
      filter: ({ name, originalSize }) => hasText(name) && (size += originalSize) <= MAX_XML_BYTES,
    });
    if (size > MAX_XML_BYTES) return undefined;
    const entries = Object.entries(files);
    const xml = entries.filter(([name]) => isXml(name));
    return {
      parts: new Map(xml.map(([name, file]) => [name, xmlText(file)])),
      pasted: entries.filter(([name]) => !isXml(name)),
    };
  } catch {
    // Leaves a damaged archive to the library. The library reads some of them, and names the fault of the others.
    return undefined;
  }
}

function xmlText(file: Uint8Array): string {
  const utf16 = file[0] === 0xff && file[1] === 0xfe;
  return utf16 ? new TextDecoder('utf-16le').decode(file) : strFromU8(file);
}

/** The library knows only a default namespace or the usual prefix. */
function withKnownPrefix(xml: string): string {
  const start = xml.slice(0, START_CHARS);
  for (const [declaration, name = '', uri = ''] of start.matchAll(/xmlns:([\w-]+)="([^"]*)"/g)) {
    const prefix = PREFIXES.find(([vocabulary]) => vocabulary.test(uri))?.[1];
    if (prefix === undefined || prefix === `${name}:` || !start.includes(`<${name}:`)) continue;
    return xml
      .replace(declaration, prefix === '' ? `xmlns="${uri}"` : `xmlns:${prefix.slice(0, -1)}="${uri}"`)
      .replace(new RegExp(`(</?| )${name}:(?=\\w)`, 'g'), `$1${prefix}`);
  }
  return xml;
}
