/** Reports a document that is no longer the one to replace. The job wrote nothing. */
export class DocumentChangedError extends Error {
  override name = 'DocumentChangedError';
}
/** Reports a document whose collection got documents of another model meanwhile. The script wrote nothing. */
export class ModelNotTakenError extends Error {
  override name = 'ModelNotTakenError';
}
/** Reports that a job embeds the collection again, or has done so since the caller's job began. The script wrote nothing. */
export class ReembeddingError extends Error {
  override name = 'ReembeddingError';
  /** Whether the caller's job may have written chunks. */
  readonly hasChunks: boolean;

  /** @param job the job that embeds it, found before the caller's job wrote chunks; absent if it may have ended */
  constructor(job?: string) {
    const reason = job === undefined ? 'A job has embedded' : `The job ${job} embeds`;
    super(`${reason} the collection again. This job waits.`);
    this.hasChunks = job === undefined;
  }
}
