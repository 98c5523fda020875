import { lines } from './spans/lines.ts';
import { pack } from './pack.ts';
import { sentences } from './sentences.ts';
import { trimSpan, type Span } from './spans/span.ts';
import type { Unit } from './unit.ts';

/**
 * Packs paragraphs into chunks of at most `size` characters. It cuts long ones into lines, then sentences, words, and
 * characters. It looks only at blank lines, line ends and sentence ends, so it suits any plain text.
 */
export function chunkRecursively(text: string, size: number, overlap: number): Generator<Span> {
  return pack(paragraphs(text, size), size, overlap);
}

function* paragraphs(text: string, size: number): Generator<Unit> {
  let open: Span | undefined;
  const unit = (span: Span): Unit => ({
    ...trimSpan(text, span),
    parts: () => lineUnits(text, span, size),
  });
  for (const { start, end, afterBlank } of lines(text)) {
    if (open && afterBlank) yield unit(open);
    open = { start: open && !afterBlank ? open.start : start, end };
  }
  if (open) yield unit(open);
}

function* lineUnits(text: string, paragraph: Span, size: number): Generator<Unit> {
  for (const line of lines(text, paragraph)) {
    yield { ...trimSpan(text, line), parts: () => sentences(text, line, size) };
  }
}
