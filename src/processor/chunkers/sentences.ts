import { isBlank, splitsPair, trimSpan, type Span } from './span.ts';

/** Rules for sentence ends differ little between languages, and this one's hold for scripts without spaces too. */
const segmenter = new Intl.Segmenter('en', { granularity: 'sentence' });

/** Every character the segmenter ends a sentence at although it is only a line's end. */
const LINE_ENDS = /[\n\r\u0085\u2028\u2029]/g;

/** Words that end in a point inside a sentence. */
const ABBREVIATIONS =
  'Mr|Mrs|Ms|Dr|Prof|St|Rev|Hon|Gen|Col|Capt|Lt|Sgt|Sr|Jr|Messrs|Mme|Mlle|Hr|Fr|' +
  '[Ff]igs?|[Ee]qs?|[Ss]ec|[Cc]h|[Vv]ol|Nos?|[Nn]r|pp?|[Rr]efs?|Tab|App|Art|[Ee]ds?|' +
  '[Cc]f|vs|viz|al|approx|ca|resp|bzw|[Vv]gl|Abb|Bd|Jan|Feb|Mar|Apr|Aug|Sept|Oct|Nov|Dec';
/** A single letter does too: "J. K.", "e.g.", "U.S.". */
const ENDS_IN_ABBREVIATION = new RegExp(
  `(?<![\\p{L}\\p{N}])(?:${ABBREVIATIONS}|(?:\\p{L}\\.)*\\p{L})\\.$`,
  'u',
);
const MAY_END = /\p{Sentence_Terminal}/u;
/** More than the longest abbreviation. */
const TAIL_CHARS = 16;

/**
 * Cuts a block into its sentences, trimmed; none is longer than `size`: what is, is cut at line ends or
 * between words, and where there are none, anywhere.
 */
export function* sentences(text: string, block: Span, size: number): Generator<Span> {
  const inner = text.slice(block.start, block.end);
  // The segmenter costs more than everything else here; list items and table rows mostly do without it.
  if (!MAY_END.test(inner)) {
    yield* pieces(text, trimSpan(text, block), size);
    return;
  }
  // Line for space, one for one: offsets stay as they are.
  const unwrapped = inner.replace(LINE_ENDS, ' ');
  let start = 0;
  for (const { index, segment } of segmenter.segment(unwrapped)) {
    const end = index + segment.length;
    const tail = unwrapped.slice(Math.max(start, end - TAIL_CHARS), end).trimEnd();
    if (end < unwrapped.length && ENDS_IN_ABBREVIATION.test(tail)) continue;
    yield* pieces(text, trimSpan(text, { start: block.start + start, end: block.start + end }), size);
    start = end;
  }
}

function* pieces(text: string, sentence: Span, size: number): Generator<Span> {
  let rest = sentence;
  while (rest.end - rest.start > size) {
    const cut = cutBefore(text, rest.start, rest.start + size);
    yield trimSpan(text, { start: rest.start, end: cut });
    rest = trimSpan(text, { start: cut, end: rest.end });
  }
  if (rest.end > rest.start) yield rest;
}

/** The best place to cut between `start` and `limit`: a line's end in the second half, else the last blank. */
function cutBefore(text: string, start: number, limit: number): number {
  const half = start + (limit - start) / 2;
  for (let at = limit; at > half; at--) if (text[at] === '\n') return at;
  for (let at = limit; at > start; at--) if (isBlank(text.charCodeAt(at))) return at;
  return splitsPair(text, limit) ? limit - 1 : limit;
}
