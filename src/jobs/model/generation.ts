/** The chunks that one claim of a job writes. Sluice never shows a dead generation's chunks, and deletes them. */
export interface Generation {
  collection: string;
  documentId: string;
  /** The claim token of the worker that writes them. */
  generation: string;
}
