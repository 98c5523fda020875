import type { Reading } from '../blocks/reading.ts';
import { RtfReader } from './rtf-reader.ts';
import { wordsOf } from './rtf-tables.ts';
import { rtfTokens, type RtfToken } from './rtf-tokens.ts';

/** Matches the mark of RTF that holds HTML. It stands in the first bytes. */
const FROM_HTML = /\\fromhtml1?(?![a-z\d])/;
const HEAD_BYTES = 4096;
/** Signs that stand for a line end of the HTML. */
const LINE_ENDS = new Set(['par', 'line']);
const LINE_END: RtfToken = { type: 'control', word: 'line', value: undefined };

/**
 * Returns the HTML that Outlook keeps in a mail's RTF, or undefined. Tags stand in groups `htmltag`. Programs that know
 * no HTML take the parts after `htmlrtf` instead. Source: [MS-OXRTFEX].
 * @throws {ProcessorError} `text_too_long`
 */
export function htmlOfRtf(rtf: Buffer, reading: Reading): string | undefined {
  if (!FROM_HTML.test(rtf.toString('latin1', 0, HEAD_BYTES))) return undefined;
  const reader = new RtfReader(reading);
  for (const token of htmlTokens(rtf)) {
    if (token.type !== 'text') reading.elements.spend();
    reader.read(token);
  }
  reader.end();
  return wordsOf(reader.take());
}

/** Yields the tokens of the HTML, as if it were the text. Fonts stay, because they tell the encoding. */
function* htmlTokens(rtf: Buffer): Generator<RtfToken> {
  const around: boolean[] = [];
  let isForRtf = false;
  let star: RtfToken | undefined;
  for (const token of rtfTokens(rtf)) {
    const { type } = token;
    const word = type === 'control' ? token.word : undefined;
    if (star && word !== 'htmltag') yield star;
    star = undefined;
    if (type === 'open') around.push(isForRtf);
    if (type === 'close') isForRtf = around.pop() ?? false;
    if (word === '*') star = token;
    else if (word === 'htmlrtf') isForRtf = type === 'control' && token.value !== 0;
    else if (word === 'htmltag') continue;
    else if (!isForRtf) yield word !== undefined && LINE_ENDS.has(word) ? LINE_END : token;
    else if (type !== 'text' && !(word !== undefined && LINE_ENDS.has(word))) yield token;
  }
}
