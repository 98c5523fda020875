import type { SearchResult } from '../../contract/search.ts';
import { languageOf } from '../../tokens/tokenize.ts';
import { queryTokens } from '../../tokens/tokenize.ts';
import { tokenize } from '../../tokens/tokenize.ts';

/** Finds the words of a text that a query has, too. @returns their UTF-16 offsets, in order, without overlaps */
export function matchedWords(query: string, text: string): SearchResult['matches'] {
  const language = languageOf(text);
  const wanted = new Set(queryTokens(query, [language]));
  const matches: SearchResult['matches'] = [];
  if (wanted.size === 0) return matches;
  const found = tokenize(text, language).filter(({ token }) => wanted.has(token));
  // A code that matches whole comes before its parts, and covers them.
  for (const { start, end } of found.toSorted((a, b) => a.start - b.start || b.end - a.end)) {
    const last = matches.at(-1);
    if (last && start < last.end) last.end = Math.max(last.end, end);
    else matches.push({ start, end });
  }
  return matches;
}
