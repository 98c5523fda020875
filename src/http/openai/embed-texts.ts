import { AppError } from '../../errors.ts';
import type { ProcessorClient } from '../../processor-client/processor-client.ts';

/**
 * Embeds texts with a model, in as many calls as the processor's `embed_batch` asks for, one at a time.
 * @param dimensions length of vectors that the caller expects; `undefined` for any
 * @returns one embedding for each text, in order
 * @throws {AppError} `model_not_found` unless the processor embeds with the model; `invalid_request` for another length
 * @throws {DependencyError} when the processor fails
 */
export async function embedTexts(
  processor: Pick<ProcessorClient, 'health' | 'embed'>,
  { texts, model, dimensions }: { texts: readonly string[]; model: string; dimensions: number | undefined },
  signal: AbortSignal,
): Promise<number[][]> {
  const { embed_batch, model: present } = await processor.health();
  // A processor may not know its model before it embeds.
  if (present !== undefined) ensureSame(model, present);
  const embeddings: number[][] = [];
  for (let at = 0; at < texts.length; at += embed_batch) {
    const response = await processor.embed({ texts: texts.slice(at, at + embed_batch) }, signal);
    // An operator may set another model meanwhile.
    ensureSame(model, response.model);
    if (dimensions !== undefined && dimensions !== response.dimensions)
      throw new AppError(
        'invalid_request',
        `dimensions: The vectors of this model have ${response.dimensions} numbers. Leave it out.`,
      );
    embeddings.push(...response.embeddings);
  }
  return embeddings;
}

/** @throws {AppError} `model_not_found` */
function ensureSame(model: string, present: string): void {
  if (model === present) return;
  throw new AppError('model_not_found', `model: Sluice embeds with "${present}" now. Name this model.`);
}
