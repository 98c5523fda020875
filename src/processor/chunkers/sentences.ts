import { pieces } from './pieces.ts';
import type { Span } from './spans/span.ts';
import type { Unit } from './unit.ts';

/** Sentence rules differ little between languages. Those of English also hold for scripts without spaces. */
const segmenter = new Intl.Segmenter('en', { granularity: 'sentence' });

/** Line ends. The segmenter takes each for a sentence's end. */
const LINE_ENDS = /[\n\r\u0085\u2028\u2029]/g;

/** Words that end in a full stop inside a sentence. */
const ABBREVIATIONS =
  'Mr|Mrs|Ms|Dr|Prof|St|Rev|Hon|Gen|Col|Capt|Lt|Sgt|Sr|Sra|Jr|Messrs|Mme|Mlle|Hr|Fr|Dipl|Ing|' +
  '[Ff]igs?|[Ee]qs?|[Ss]ec|[Cc]h|[Vv]ol|Nos?|[Nn]r|pp?|[Rr]efs?|Tab|App|Art|[Ee]ds?|' +
  '[Cc]f|vs|viz|al|approx|ca|resp|bzw|ggf|evtl|inkl|[Vv]gl|Abb|Kap|Bd|Jan|Feb|Mar|Apr|Aug|Sept|Oct|Nov|Dec';
/**
 * Matches a full stop inside a sentence: after an abbreviation, a single letter ("J. K.", "e.g.", "z.B."), or an item's
 * number that stands alone ("1.").
 */
const ENDS_INSIDE = new RegExp(
  `(?<![\\p{L}\\p{N}])(?:${ABBREVIATIONS}|(?:\\p{L}\\.)*\\p{L})\\.$|^\\d{1,3}\\.$`,
  'u',
);
/** Matches a day's number before its month, as in "am 3. Mai". */
const DAY = /(?<!\p{N})\d{1,2}\.$/u;
const MONTH = /^\s*(?:Jan|Jän|Feb|März|Apr|Mai|Jun|Jul|Aug|Sep|Okt|Nov|Dez)/;
/** Matches an opening bracket. It begins the next sentence, but the segmenter leaves it with the last. */
const OPENING = /\p{Ps}\s*$/u;
const MAY_END = /\p{Sentence_Terminal}/u;
/** Characters to look at. The longest abbreviation is shorter. */
const TAIL_CHARS = 16;

/**
 * Cuts a block into trimmed sentences of at most `size` characters. It cuts a longer sentence at line ends, else
 * between words, else anywhere.
 */
export function* sentences(text: string, block: Span, size: number): Generator<Unit> {
  const inner = text.slice(block.start, block.end);
  // The segmenter costs more than the rest. Most list items and table rows do not need it.
  if (!MAY_END.test(inner)) {
    yield* pieces(text, block, size);
    return;
  }
  // Replaces each line end by one space, so offsets do not change.
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
