import { pieces } from './pieces.ts';
import type { Span } from './spans/span.ts';
import type { Unit } from './unit.ts';

/** Rules for sentence ends differ little between languages, and this one's hold for scripts without spaces too. */
const segmenter = new Intl.Segmenter('en', { granularity: 'sentence' });

/** Every character the segmenter ends a sentence at although it is only a line's end. */
const LINE_ENDS = /[\n\r\u0085\u2028\u2029]/g;

/** Words that end in a point inside a sentence. */
const ABBREVIATIONS =
  'Mr|Mrs|Ms|Dr|Prof|St|Rev|Hon|Gen|Col|Capt|Lt|Sgt|Sr|Sra|Jr|Messrs|Mme|Mlle|Hr|Fr|Dipl|Ing|' +
  '[Ff]igs?|[Ee]qs?|[Ss]ec|[Cc]h|[Vv]ol|Nos?|[Nn]r|pp?|[Rr]efs?|Tab|App|Art|[Ee]ds?|' +
  '[Cc]f|vs|viz|al|approx|ca|resp|bzw|ggf|evtl|inkl|[Vv]gl|Abb|Kap|Bd|Jan|Feb|Mar|Apr|Aug|Sept|Oct|Nov|Dec';
/** A single letter does too, "J. K.", "e.g.", "z.B.", and so does an item's number, "1.", which is all there is. */
const ENDS_INSIDE = new RegExp(
  `(?<![\\p{L}\\p{N}])(?:${ABBREVIATIONS}|(?:\\p{L}\\.)*\\p{L})\\.$|^\\d{1,3}\\.$`,
  'u',
);
/** A day's number before its month, as in "am 3. Mai". */
const DAY = /(?<!\p{N})\d{1,2}\.$/u;
const MONTH = /^\s*(?:Jan|Jän|Feb|März|Apr|Mai|Jun|Jul|Aug|Sep|Okt|Nov|Dez)/;
/** What opens the next sentence, although the segmenter leaves it with the last. */
const OPENING = /\p{Ps}\s*$/u;
const MAY_END = /\p{Sentence_Terminal}/u;
/** More than the longest abbreviation. */
const TAIL_CHARS = 16;

/**
 * Cuts a block into trimmed sentences of at most `size` characters. It cuts a longer sentence at line ends, else
 * between words, else anywhere.
 */
export function* sentences(text: string, block: Span, size: number): Generator<Unit> {
  const inner = text.slice(block.start, block.end);
  // The segmenter costs more than everything else here. Most list items and table rows need none.
  if (!MAY_END.test(inner)) {
    yield* pieces(text, block, size);
    return;
  }
  // Line for space, one for one: offsets stay as they are.
  const unwrapped = inner.replace(LINE_ENDS, ' ');
  let start = 0;
  for (const { index, segment } of segmenter.segment(unwrapped)) {
    const opening =
      index + segment.length < unwrapped.length ? OPENING.exec(segment.slice(-TAIL_CHARS)) : null;
    const end = index + segment.length - (opening?.[0].length ?? 0);
    const tail = unwrapped.slice(Math.max(start, end - TAIL_CHARS), end).trim();
    if (end < unwrapped.length && (ENDS_INSIDE.test(tail) || isDate(tail, unwrapped, end))) continue;
    yield* pieces(text, { start: block.start + start, end: block.start + end }, size);
    start = end;
  }
}

function isDate(tail: string, text: string, end: number): boolean {
  return DAY.test(tail) && MONTH.test(text.slice(end, end + TAIL_CHARS));
}
