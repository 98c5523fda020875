/** The chunks that one run of one job writes. A dead generation's chunks are never shown, and are deleted. */
export interface Generation {
  collection: string;
  documentId: string;
  /** The claim token of the worker that writes them. */
  generation: string;
}
