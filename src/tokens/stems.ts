import { stemmer as arabic } from '@orama/stemmers/arabic';
import { stemmer as armenian } from '@orama/stemmers/armenian';
import { stemmer as bulgarian } from '@orama/stemmers/bulgarian';
import { stemmer as danish } from '@orama/stemmers/danish';
import { stemmer as dutch } from '@orama/stemmers/dutch';
import { stemmer as english } from '@orama/stemmers/english';
import { stemmer as finnish } from '@orama/stemmers/finnish';
import { stemmer as french } from '@orama/stemmers/french';
import { stemmer as german } from '@orama/stemmers/german';
import { stemmer as greek } from '@orama/stemmers/greek';
import { stemmer as hungarian } from '@orama/stemmers/hungarian';
import { stemmer as hindi } from '@orama/stemmers/indian';
import { stemmer as indonesian } from '@orama/stemmers/indonesian';
import { stemmer as italian } from '@orama/stemmers/italian';
import { stemmer as nepali } from '@orama/stemmers/nepali';
import { stemmer as norwegian } from '@orama/stemmers/norwegian';
import { stemmer as portuguese } from '@orama/stemmers/portuguese';
import { stemmer as romanian } from '@orama/stemmers/romanian';
import { stemmer as russian } from '@orama/stemmers/russian';
import { stemmer as serbian } from '@orama/stemmers/serbian';
import { stemmer as spanish } from '@orama/stemmers/spanish';
import { stemmer as swedish } from '@orama/stemmers/swedish';
import { stemmer as tamil } from '@orama/stemmers/tamil';
import { stemmer as turkish } from '@orama/stemmers/turkish';
import { stemmer as ukrainian } from '@orama/stemmers/ukrainian';

import { fold } from './fold.ts';
import type { KnownLanguage } from './languages.ts';

const STEMMERS: Record<KnownLanguage, (word: string) => string> = {
  arabic,
  armenian,
  bulgarian,
  danish,
  dutch,
  english,
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
  serbian,
  spanish,
  swedish,
  tamil,
  turkish,
  ukrainian,
};

const LETTERS_ONLY = /^[\p{L}\p{M}]+$/u;

/** Vowels that stand for an umlaut, as in `Mueller`. After a vowel or `q`, a `ue` is none. */
const DIGRAPHS = /([ao])e|(?<![aeiouq])(u)e/gu;
const UMLAUT = /[äöü]/gu;
/** `And the`, `by the`, `like the`, `for the`. The stemmer removes only the article itself. */
const ARTICLES = /^(?:[وفبك]ال|لل)(?=\p{L}{3})/u;

/**
 * Returns the stems of a normalized word: that of its folded form, and that of its accented form if it differs. Without
 * the first, `informacao` would not find `informação`. Without the second, `informações` would not. In German, `ue` is `ü`.
 * An English text keeps both forms of a German name.
 */
export function stemsOf(word: string, folded: string, language: KnownLanguage | undefined): string[] {
  if (language === undefined || !LETTERS_ONLY.test(folded)) return [folded];
  const stem = (form: string) => fold(STEMMERS[language](form)) || folded;
  const plain = stem(toStemmerForm(folded, language));
  if (word === folded) return [plain];
  const forms = [plain, stem(word)];
  if (language === 'english') forms.push(stem(fold(word.replace(UMLAUT, '$&e'))));
  return [...new Set(forms)];
}

/** Writes a folded word in the form that the stemmer of its language knows. */
function toStemmerForm(folded: string, language: KnownLanguage): string {
  if (language === 'german') return folded.replace(DIGRAPHS, '$1$2');
  return language === 'arabic' ? folded.replace(ARTICLES, 'ال') : folded;
}
