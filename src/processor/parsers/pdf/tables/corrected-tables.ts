import type { PlacedText } from '../annotations/pdf-fields.ts';
import { withoutFalseTables } from './false-tables.ts';
import { withoutRepeatedHeaders } from './repeated-headers.ts';
import { withRowLabels } from './row-labels.ts';
import { withDrawnRows } from './table-rows.ts';

/** Corrects the first reader's tables by the pieces of text on the page. */
export function withCorrectedTables(markdown: string, pieces: readonly PlacedText[]): string {
  if (!markdown.includes('|')) return markdown;
  const headed = withoutRepeatedHeaders(markdown, pieces);
  const labeled = withRowLabels(withDrawnRows(headed, pieces), pieces);
  return withoutFalseTables(
    labeled,
    pieces.map(({ text }) => text),
  );
}
