import type { PlacedText } from '../annotations/pdf-fields.ts';
import { withoutFalseTables } from './false-tables.ts';
import { withoutRepeatedHeaders } from './repeated-headers.ts';
import { withRowLabels } from './row-labels.ts';
import { withDrawnRows } from './table-rows.ts';

/** Most pieces times characters to compare. Their product grows with the square of a page. A dense one has 100 million. */
const MAX_STEPS = 300_000_000;

/** Corrects the first reader's tables by the pieces of text on the page. */
export function withCorrectedTables(markdown: string, pieces: readonly PlacedText[]): string {
  if (!markdown.includes('|')) return markdown;
  const texts = pieces.map(({ text }) => text);
  if (pieces.length * markdown.length > MAX_STEPS) return withoutFalseTables(markdown, texts);
  const headed = withoutRepeatedHeaders(markdown, pieces);
  return withoutFalseTables(withRowLabels(withDrawnRows(headed, pieces), pieces), texts);
}
