import { AppError } from '../../errors.ts';

/** Makes the error for a collection without documents. */
export function collectionNotFound(collection: string): AppError {
  return new AppError('collection_not_found', `There is no collection "${collection}".`);
}
