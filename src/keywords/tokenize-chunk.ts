import type { KeywordChunk } from '../contract/services/keywords.ts';
import { languageOf, tokenize } from '../tokens/tokenize.ts';
import type { TokenizedChunk } from './collection-file.ts';

/** Makes the tokens of a chunk: of its title, heading and context, then of its text. The text decides the language. */
export function tokenizeChunk({ index, title, heading, context, text }: KeywordChunk): TokenizedChunk {
  const language = languageOf(text);
  const tokens = [title, heading, context, text]
    .filter((part) => part !== undefined)
    .flatMap((part) => tokenize(part, language).map(({ token }) => token));
  return { index, language, tokens: tokens.join(' ') };
}
