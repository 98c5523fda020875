import { stopwords as arabic } from '@orama/stopwords/arabic';
import { stopwords as armenian } from '@orama/stopwords/armenian';
import { stopwords as bulgarian } from '@orama/stopwords/bulgarian';
import { stopwords as danish } from '@orama/stopwords/danish';
import { stopwords as dutch } from '@orama/stopwords/dutch';
import { stopwords as english } from '@orama/stopwords/english';
import { stopwords as finnish } from '@orama/stopwords/finnish';
import { stopwords as french } from '@orama/stopwords/french';
import { stopwords as german } from '@orama/stopwords/german';
import { stopwords as greek } from '@orama/stopwords/greek';
import { stopwords as hungarian } from '@orama/stopwords/hungarian';
import { stopwords as hindi } from '@orama/stopwords/indian';
import { stopwords as indonesian } from '@orama/stopwords/indonesian';
import { stopwords as italian } from '@orama/stopwords/italian';
import { stopwords as nepali } from '@orama/stopwords/nepali';
import { stopwords as norwegian } from '@orama/stopwords/norwegian';
import { stopwords as portuguese } from '@orama/stopwords/portuguese';
import { stopwords as romanian } from '@orama/stopwords/romanian';
import { stopwords as russian } from '@orama/stopwords/russian';
import { stopwords as spanish } from '@orama/stopwords/spanish';
import { stopwords as swedish } from '@orama/stopwords/swedish';
import { stopwords as tamil } from '@orama/stopwords/tamil';
import { stopwords as turkish } from '@orama/stopwords/turkish';
import { stopwords as ukrainian } from '@orama/stopwords/ukrainian';

import { fold, normalize } from './fold.ts';
import type { KnownLanguage } from './languages.ts';

/**
 * Words of each language. The Serbian list is left out: it is of Latin letters, some of them garbled. The English one lacks
 * the article.
 */
const LISTS: Record<KnownLanguage, readonly string[]> = {
  arabic,
  armenian,
  bulgarian,
  danish,
  dutch,
  english: [...english, 'a'],
  finnish,
  french,
  german,
  greek,
  hindi,
  hungarian,
  indonesian,
  italian,
  nepali,
  norwegian,
  portuguese,
  romanian,
  russian,
  serbian: [],
  spanish,
  swedish,
  tamil,
  turkish,
  ukrainian,
};

/** Longer lists hold nouns and verbs, such as Spanish `trabajo` (work). */
const LONG_LIST = 300;
/** Longest word of a long list that counts, in UTF-16 units. */
const SHORT_WORD = 4;

const sets = new Map<KnownLanguage, ReadonlySet<string>>();

/** Returns the folded stop words of a language, as tokenizing drops them. */
export function stopWordsOf(language: KnownLanguage): ReadonlySet<string> {
  const known = sets.get(language);
  if (known) return known;
  const words = new Set(LISTS[language].map((word) => foldedStopWord(word)));
  const short =
    words.size > LONG_LIST ? new Set([...words].filter((word) => word.length <= SHORT_WORD)) : words;
  sets.set(language, short);
  return short;
}

/** Keeps the apostrophe of `don't`, which makes it another word than `dont`. */
function foldedStopWord(word: string): string {
  return word
    .split(/['’]/u)
    .map((part) => fold(normalize(part)))
    .join("'");
}
