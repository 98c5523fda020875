import type { LiveHits } from './live-hits.ts';
import type { ModelTraits } from './model-traits.ts';

/** A query as the embedding model reads it. */
export interface EmbeddedQuery {
  text: string;
  embedding: number[];
  /** Name of the model. */
  model: string;
  traits: ModelTraits;
  /** Embeds other texts with the same model. */
  embed: (texts: string[]) => Promise<number[][]>;
}

/**
 * Chooses the hits of a query that has no hit by words. Each text is a little similar to any other, so a hit needs the
 * model's least similarity. A query that the model cannot read, or that resembles nonsense, has no hits.
 */
export async function hitsByMeaning(
  { hits, isAll }: LiveHits,
  { text, embedding, traits, embed }: EmbeddedQuery,
): Promise<LiveHits> {
  const { bounds } = traits;
  if (!bounds) return { hits, isAll };
  const near = hits.filter(({ score }) => score >= bounds.least);
  if (near.length === 0 || !bounds.readable.test(text)) return { hits: [], isAll: true };
  const { nonsense, unknown } = bounds;
  const [toNonsense = 0, toUnknown = 0] = (await embed([nonsense.text, unknown.text])).map((other) =>
    dot(embedding, other),
  );
  if (toNonsense >= nonsense.most) return { hits: [], isAll: true };
  const chosen = near.filter(({ score }) => score >= toUnknown + unknown.margin);
  return { hits: chosen, isAll: isAll || chosen.length < hits.length };
}

/** Multiplies unit vectors, which gives their cosine similarity. */
function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
}
