import { languageOf, queryTokens, tokenize } from '../../../src/tokens/tokenize.ts';

export function tokensOf(text: string): string[] {
  return tokenize(text).map(({ token }) => token);
}

/** Returns the parts of a text that a query finds, each once. */
export function found(text: string, query: string): string[] {
  const asked = new Set(queryTokens(query, [languageOf(text)]));
  const matches = tokenize(text).filter(({ token }) => asked.has(token));
  const ends = new Map(matches.map(({ start, end }) => [`${start}-${end}`, text.slice(start, end)]));
  return [...ends.values()];
}
