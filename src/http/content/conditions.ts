import type { ByteRange } from '../../blobs/open-blob.ts';

/** A `Range` of one part. Several parts and other units get the whole content (RFC 9110, section 14.2). */
const ONE_RANGE = /^bytes=\s*(\d*)-(\d*)\s*$/i;

/**
 * Reads a `Range` header.
 * @param size of the content, in bytes
 * @returns the part; `undefined` for the whole content; `unsatisfiable` for a part that begins after the end
 */
export function rangeOf(header: string | undefined, size: number): ByteRange | 'unsatisfiable' | undefined {
  const [, first = '', last = ''] = ONE_RANGE.exec(header ?? '') ?? [];
  if (first === '' && last === '') return undefined;
  if (first === '') {
    const length = Math.min(Number(last), size);
    return length === 0 ? 'unsatisfiable' : { start: size - length, end: size - 1 };
  }
  const start = Number(first);
  if (last !== '' && Number(last) < start) return undefined;
  if (start >= size) return 'unsatisfiable';
  return { start, end: last === '' ? size - 1 : Math.min(Number(last), size - 1) };
}

/**
 * Returns whether a `Range` may apply to the present content. An `If-Range` with a date, or with a weak tag, never matches
 * (RFC 9110, section 13.1.5).
 * @param tag the content's strong entity tag; absent if its hash is unknown
 */
export function allowsRange(ifRange: string | undefined, tag: string | undefined): boolean {
  return ifRange === undefined || ifRange.trim() === tag;
}

/** Returns whether an `If-None-Match` names the content. It compares weakly (RFC 9110, section 13.1.2). */
export function isKnown(ifNoneMatch: string | undefined, tag: string | undefined): boolean {
  if (ifNoneMatch?.trim() === '*') return true;
  const tags = (ifNoneMatch ?? '').split(',').map((one) => one.trim().replace(/^W\//, ''));
  return tag !== undefined && tags.includes(tag);
}
