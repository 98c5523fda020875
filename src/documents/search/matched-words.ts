import type { SearchResult } from '../../contract/search.ts';
import { languageOf, queryTokens, tokenize, type Language } from '../../tokens/tokenize.ts';

/** Finds the words of a text that a query has, too. Gives their UTF-16 offsets, in order, without overlaps. */
export type FindMatches = (text: string) => SearchResult['matches'];

/** Makes the function that finds a query's words. It reads the query once for each language of the texts. */
export function matchesOf(query: string): FindMatches {
  const known = new Map<Language, ReadonlySet<string>>();
  return (text) => {
    const language = languageOf(text);
    const wanted = known.get(language) ?? new Set(queryTokens(query, [language]));
    known.set(language, wanted);
    return wanted.size === 0 ? [] : findWords(text, language, wanted);
  };
}

function findWords(text: string, language: Language, wanted: ReadonlySet<string>): SearchResult['matches'] {
  const matches: SearchResult['matches'] = [];
  const found = tokenize(text, language).filter(({ token }) => wanted.has(token));
  // A code that matches whole comes before its parts, and covers them.
  for (const { start, end } of found.toSorted((a, b) => a.start - b.start || b.end - a.end)) {
    const last = matches.at(-1);
    if (last && start < last.end) last.end = Math.max(last.end, end);
    else matches.push({ start, end });
  }
  return matches;
}
