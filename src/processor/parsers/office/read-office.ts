import { parseOffice, type OfficeContentNode, type OfficeError } from 'officeparser';

import { ProcessorError } from '../../errors.ts';
import { visibleBook } from '../html/epub-pages.ts';
import {
  declaresTooMuch,
  hasTooManyControls,
  hasTooManyTags,
  unpacksTooLarge,
} from '../html/markup-limit.ts';
import { normalizeOffice } from './office-xml.ts';
import { withoutHidden } from './rtf-hidden.ts';
import { spellSigns } from './rtf-signs.ts';

export type OfficeFormat = 'docx' | 'pptx' | 'xlsx' | 'odt' | 'odp' | 'ods' | 'epub' | 'rtf' | 'html';

/** Limits that fit a child's memory with some to spare. Real documents stay far below. */
const LIMITS = {
  maxUncompressedBytes: 256 * 1024 * 1024,
  maxTableCells: 400_000,
  maxXmlElements: 600_000,
};

const TOO_LARGE = 'The unpacked file is too large to read. Upload it in smaller parts.';
const TOO_DEEP = 'The file nests its parts too deep to read. Nest them less, and upload it again.';

type Failure = () => ProcessorError;
const FAILURES: Readonly<Record<string, Failure>> = {
  PASSWORD_REQUIRED: () => new ProcessorError('encrypted'),
  PASSWORD_INCORRECT: () => new ProcessorError('encrypted'),
  DOCUMENT_DECRYPTION_FAILED: () => new ProcessorError('encrypted'),
  ZIP_SIZE_LIMIT_EXCEEDED: tooLarge,
  ZIP_ENTRY_COUNT_LIMIT_EXCEEDED: tooLarge,
  XML_ELEMENT_LIMIT_EXCEEDED: tooLarge,
  MAX_NESTING_DEPTH_EXCEEDED: () => new ProcessorError('corrupt', { detail: TOO_DEEP }),
};
/** Warnings that a limit cut the document short. The parser then refuses it, because half a document is wrong. */
const CUT_SHORT = new Set(['TABLE_CELL_LIMIT_EXCEEDED', 'REPEATED_CONTENT_LIMIT_EXCEEDED']);

/**
 * Reads a document as a tree of nodes. The library loads and runs nothing: no images, no remote parts, no OCR. It
 * expands only XML's own entities.
 * @throws {ProcessorError} `encrypted`, `text_too_long`, or `corrupt`
 */
export async function readOffice(bytes: Buffer, format: OfficeFormat): Promise<OfficeContentNode[]> {
  try {
    // The library has no limit for these formats, or applies it after unpacking.
    if (isTooLarge(bytes, format)) throw tooLarge();
    const { content, warnings } = await parseOffice(normalized(bytes, format), {
      fileType: format,
      ocr: false,
      extractAttachments: false,
      ignoreComments: true,
      ignoreHeadersAndFooters: true,
      ignoreSlideMasters: true,
      ignoreInternalLinks: true,
      decompressionLimits: LIMITS,
    });
    if (warnings.some(({ code }) => CUT_SHORT.has(code))) throw tooLarge();
    return content;
  } catch (error) {
    throw failureOf(error);
  }
}

function isTooLarge(bytes: Buffer, format: OfficeFormat): boolean {
  if (format === 'html') return hasTooManyTags(bytes);
  if (format === 'rtf') return hasTooManyControls(bytes);
  return format === 'epub' ? unpacksTooLarge(bytes) : declaresTooMuch(bytes, LIMITS.maxUncompressedBytes);
}

/** Normalizes constructs that the library overlooks. */
function normalized(bytes: Buffer, format: OfficeFormat): Buffer {
  if (format === 'html') return bytes;
  if (format === 'rtf') return Buffer.from(spellSigns(withoutHidden(bytes.toString('latin1'))), 'latin1');
  return Buffer.from(format === 'epub' ? visibleBook(bytes) : normalizeOffice(bytes, format));
}

function tooLarge(): ProcessorError {
  return new ProcessorError('text_too_long', { detail: TOO_LARGE });
}

function failureOf(error: unknown): ProcessorError {
  if (error instanceof ProcessorError) return error;
  const code = (error as OfficeError).officeIssue?.code;
  return FAILURES[code ?? '']?.() ?? new ProcessorError('corrupt', { cause: error });
}
