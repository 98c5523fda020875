import { BUNDLED_MODEL } from '../../contract/services/processor.ts';

/** How a search weighs the vectors of a model. */
export interface ModelTraits {
  /** Share of the words in a hybrid score, 0..1. */
  keywordWeight: number;
  /** Bounds of a hit by meaning, if the query has no hit by words; absent for none. */
  bounds?: MeaningBounds;
}

/** Bounds of a hit by meaning. Similarities are cosines. */
export interface MeaningBounds {
  /** Least similarity of a hit. */
  least: number;
  /** Matches a query that the model can read. */
  readable: RegExp;
  /** A text of random letters. A query at least `most` similar to it is nonsense. */
  nonsense: { text: string; most: number };
  /** A text that the model cannot read. All such texts have its vector. A hit must be more similar, by a margin. */
  unknown: { text: string; margin: number };
}

/**
 * The bundled model is small, so words weigh more. nDCG@10 on three public sets, by weight:
 *
 * | set | model alone | 0.7 | 0.8 | 0.85 | 0.9 | words alone |
 * |---|---|---|---|---|---|---|
 * | 225 queries, 1,400 papers as Markdown | 0.148 | 0.361 | 0.371 | 0.378 | 0.379 | 0.381 |
 * | the same as plain text | 0.173 | 0.341 | 0.357 | 0.361 | 0.362 | 0.360 |
 * | 30 queries, 1,033 abstracts | 0.420 | 0.705 | 0.710 | 0.708 | 0.705 | 0.696 |
 * | 76 queries, 1,460 abstracts | 0.255 | 0.355 | 0.352 | 0.346 | 0.338 | 0.326 |
 *
 * On the questions of `test/bench`, recall@1 is 0.75 with 0.8, and 0.71 with 0.85.
 *
 * Queries of nonsense and of foreign subjects have similarities up to 0.42 to the 1,324 chunks of the questions in
 * `test/bench`. Half of the right chunks have more than 0.45. But texts of one to three words and texts in another script are
 * up to 0.86 similar to nonsense. So a query is nonsense if it is similar to other nonsense. Measured with 110 short texts:
 *
 * | queries | wrong hits | with the least similarity alone |
 * |---|---|---|
 * | 52 by hand, such as `qwxz flurb` | 4 % | 98 % |
 * | 80 of random letters | 1 % | 100 % |
 * | 80 of random syllables | 11 % | 100 % |
 * | 50 single words, in texts of other scripts | 4 % | 31 % |
 * | 70 paraphrases: their right text is missed | 21 % | 20 % |
 */
const BUNDLED: ModelTraits = {
  keywordWeight: 0.8,
  bounds: {
    least: 0.43,
    readable: /[a-z]{2}/i,
    nonsense: { text: 'qwkjz xvbpt', most: 0.46 },
    unknown: { text: '的', margin: 0.03 },
  },
};
const OTHERS: ModelTraits = { keywordWeight: 0.5 };

/** Returns the traits of a model. @param keywordWeight set by the operator */
export function traitsOf(model: string, keywordWeight: number | undefined): ModelTraits {
  const traits = model === BUNDLED_MODEL ? BUNDLED : OTHERS;
  return keywordWeight === undefined ? traits : { ...traits, keywordWeight };
}
