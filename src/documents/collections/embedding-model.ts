import { DependencyError } from '../../errors.ts';
import { wellFormed } from '../../well-formed.ts';

/** An embedding model. An empty name or a length of 0 is unknown, and fits any. */
export interface EmbeddingModel {
  name: string;
  /** Length of its vectors, in numbers. */
  dimensions: number;
}

/** Most models, and most characters of a name, in a refusal's text. */
const MOST_NAMED = 3;
const LONGEST_NAME = 100;

/** Reads the model from a field of a collection's counts; `undefined` for other fields. */
export function modelOf(field: string): EmbeddingModel | undefined {
  const [, dimensions, name] = /^model:(\d{0,15}):(.*)$/s.exec(field) ?? [];
  return name === undefined ? undefined : { name, dimensions: Number(dimensions) };
}

/** Returns whether a collection takes vectors of a model. It does if it holds none, or some of that model. */
export function takesModel(held: readonly EmbeddingModel[], model: EmbeddingModel): boolean {
  return (
    held.length === 0 || held.some((one) => agree(one.name, model.name, '') && agreeInLength(one, model))
  );
}

/**
 * Makes the refusal of a model that a collection does not take. Its text says what to do.
 * @param hasDocuments false for a collection that no job can embed again, because it has no document
 */
export function modelMismatch(
  collection: string,
  held: readonly EmbeddingModel[],
  model: EmbeddingModel,
  hasDocuments = true,
): DependencyError {
  const detail =
    `The collection "${collection}" holds vectors of ${listed(held)}. The processor embeds with ${described(model)}. ` +
    (hasDocuments
      ? `Embed the collection again (POST /api/collections/${collection}/reembed), set the former model back, or use another one.`
      : 'Set the former model back, or use another collection.');
  return new DependencyError('permanent', 'embedding_mismatch', detail);
}

function agree<T>(one: T, other: T, unknown: T): boolean {
  return one === other || one === unknown || other === unknown;
}

function agreeInLength(one: EmbeddingModel, other: EmbeddingModel): boolean {
  return agree(one.dimensions, other.dimensions, 0);
}

function listed(models: readonly EmbeddingModel[]): string {
  const named = models.slice(0, MOST_NAMED).map(described);
  return [...named, ...(models.length > MOST_NAMED ? ['others'] : [])].join(' and ');
}

function described({ name, dimensions }: EmbeddingModel): string {
  const which = name === '' ? 'an unknown model' : `the model "${wellFormed(name, LONGEST_NAME)}"`;
  return dimensions > 0 ? `${which} (${dimensions} numbers each)` : which;
}
