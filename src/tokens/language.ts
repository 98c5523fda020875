import { fold, normalize } from './fold.ts';
import { type KnownLanguage, type Language, LANGUAGES } from './languages.ts';
import { type Script, scriptOf } from './scripts.ts';
import { stopWordsOf } from './stop-words.ts';

/** Length of the sample that decides, in UTF-16 units. It holds dozens of stop words in most languages. */
const SAMPLE = 500;
/** Longest word that votes, in UTF-16 units. Stop words are short. */
const LONGEST_VOTER = 10;
/** A word that is no part of a code. The bound keeps the match of a long line short. */
const WORD = /(?<![\p{L}\p{M}\p{N}.@\\/:_-])\p{L}[\p{L}\p{M}]{0,99}/gu;
/** Letters of one Cyrillic language only. The lists of stop words are short or absent there. */
const LETTERS: [RegExp, KnownLanguage][] = [
  [/[іїєґ]/u, 'ukrainian'],
  [/[јљњћђџ]/u, 'serbian'],
  [/[ыэё]/u, 'russian'],
];

/** Votes of a word with such a letter. */
const LETTER_VOTES = 2;
/** Votes by which a language must lead the likeliest of its script. A name may hold a stop word. */
const LEAD = 1.5;

const voters = new Map<Script, ReadonlyMap<string, readonly KnownLanguage[]>>();

/** Detects a text's language by its script, then by its stop words. Latin text without stop words counts as English. */
export function languageOf(text: string): Language {
  const words = text.slice(0, SAMPLE).match(WORD) ?? [];
  const lengths = new Map<Script, number>();
  for (const word of words) {
    const script = scriptOf(word);
    lengths.set(script, (lengths.get(script) ?? 0) + word.length);
  }
  const script = greatest(Object.keys(LANGUAGES) as Script[], lengths);
  const languages: readonly KnownLanguage[] = LANGUAGES[script ?? 'latin'];
  if (languages.length < 2) return languages[0] ?? 'unknown';
  const [first] = languages;
  const votes = votesOf(words, script ?? 'latin');
  const best = greatest(languages, votes);
  if (first === undefined || best === undefined) return 'unknown';
  return (votes.get(best) ?? 0) >= (votes.get(first) ?? 0) + LEAD ? best : first;
}

/** Counts the votes of words. A word of several languages gives each its share. */
function votesOf(words: readonly string[], script: Script): Map<KnownLanguage, number> {
  const votes = new Map<KnownLanguage, number>();
  const vote = (language: KnownLanguage, share: number) =>
    votes.set(language, (votes.get(language) ?? 0) + share);
  const voters = votersOf(script);
  for (const word of words) {
    // Codes and lists are full of single letters.
    if (word.length === 1 || word.length > LONGEST_VOTER) continue;
    const normal = normalize(word);
    const languages = voters.get(fold(normal)) ?? [];
    for (const language of languages) vote(language, 1 / languages.length);
    if (script === 'cyrillic')
      for (const language of languagesByLetters(normal)) vote(language, LETTER_VOTES);
  }
  return votes;
}

/** Returns the languages of each stop word of a script. */
function votersOf(script: Script): ReadonlyMap<string, readonly KnownLanguage[]> {
  const known = voters.get(script);
  if (known) return known;
  const all = new Map<string, KnownLanguage[]>();
  for (const language of LANGUAGES[script])
    for (const word of stopWordsOf(language)) all.set(word, [...(all.get(word) ?? []), language]);
  voters.set(script, all);
  return all;
}

function languagesByLetters(word: string): KnownLanguage[] {
  return LETTERS.filter(([letters]) => letters.test(word)).map(([, language]) => language);
}

/** Returns the key of the greatest number. The first of equals wins. */
function greatest<Key>(keys: readonly Key[], numbers: ReadonlyMap<Key, number>): Key | undefined {
  const best = Math.max(...keys.map((key) => numbers.get(key) ?? 0));
  return keys.find((key) => (numbers.get(key) ?? 0) === best);
}
