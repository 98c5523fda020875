import type { EmbedRequest } from '../../contract/processor.ts';
import type { Caller, PendingResponse } from '../pool/task-run.ts';

/** Turns texts into vectors of one length, in the texts' order. */
export interface Embedder {
  /** How many texts a call is best given. */
  readonly batch: number;
  /**
   * @param caller when its signal aborts, the work is given up
   * @returns an `EmbedResponse` as JSON, in pieces where it takes long
   * @throws {ProcessorError} for what it does not even begin
   */
  embed(request: EmbedRequest, caller: Caller): PendingResponse;
  /** Returns whether the embedder can be reached. Embeds nothing, because a call may cost money. */
  reachable(): Promise<boolean>;
}
