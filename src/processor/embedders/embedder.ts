import type { EmbedRequest } from '../../contract/services/processor.ts';
import type { Caller, PendingResponse } from '../pool/task-run.ts';

/** Turns texts into vectors of one length, in the order of the texts. */
export interface Embedder {
  /** Best number of texts in a call. */
  readonly batch: number;
  /** Name of the model of requests that name none. */
  readonly model: string;
  /** Length of this model's vectors; `undefined` while it is unknown. */
  readonly dimensions: number | undefined;
  /**
   * @param caller its abort ends the work
   * @returns an `EmbedResponse` as JSON, in pieces if it takes long
   * @throws {ProcessorError} for requests that it refuses at once
   */
  embed(request: EmbedRequest, caller: Caller): PendingResponse;
  /** Returns whether the embedder can be reached. Embeds nothing, because a call may cost money. */
  reachable(): Promise<boolean>;
}
