import type { Script } from './scripts.ts';

/** The languages of each script with a stemmer, the likeliest first. */
export const LANGUAGES = {
  latin: [
    'english',
    'german',
    'french',
    'spanish',
    'portuguese',
    'italian',
    'dutch',
    'swedish',
    'norwegian',
    'danish',
    'finnish',
    'turkish',
    'hungarian',
    'romanian',
    'indonesian',
  ],
  greek: ['greek'],
  cyrillic: ['russian', 'ukrainian', 'bulgarian', 'serbian'],
  armenian: ['armenian'],
  arabic: ['arabic'],
  devanagari: ['hindi', 'nepali'],
  tamil: ['tamil'],
  other: [],
} as const satisfies Record<Script, readonly string[]>;

/** A language with a stemmer. */
export type KnownLanguage = (typeof LANGUAGES)[Script][number];

/** A language whose stems and stop words are known; 'unknown' for text of scripts without them. */
export type Language = KnownLanguage | 'unknown';

/**
 * Returns the language that a word of a text is stemmed in. A word of another script than the text's is stemmed in the
 * likeliest language of its script.
 */
export function languageOfWord(script: Script, ofText: Language): KnownLanguage | undefined {
  const languages: readonly KnownLanguage[] = LANGUAGES[script];
  return languages.find((language) => language === ofText) ?? languages[0];
}
