import type { EmbedRequest } from '../../contract/processor.ts';

/** Turns texts into vectors of one length, in the texts' order. */
export interface Embedder {
  /** How many texts a call is best given. */
  readonly batch: number;
  /**
   * @param signal the caller; when it aborts, the work is given up
   * @returns an `EmbedResponse` as JSON; in pieces where it takes long
   * @throws {ProcessorError}
   */
  embed(request: EmbedRequest, signal: AbortSignal): Promise<string | ReadableStream<Uint8Array>>;
}
