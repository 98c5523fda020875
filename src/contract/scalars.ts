import * as v from 'valibot';

/** A whole number from 0. */
export const WholeNumberSchema = v.pipe(v.number(), v.integer(), v.minValue(0));

/** Text without lone surrogates. Redis, Chroma and embedding services refuse or change them. */
export const WellFormedSchema = v.pipe(
  v.string(),
  v.check((text) => text.isWellFormed(), 'holds half of a character'),
);
