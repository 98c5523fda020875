/** Limits of the transitions. */
export interface QueueOptions {
  leaseMs: number;
  maxRetries: number;
  /** A job fails after more lost workers than this. */
  maxStalls: number;
  /** Time that an ended job stays. */
  ttlSeconds: number;
  /** Returns the caller's blob store, because Redis refuses jobs of another. Throws before it is confirmed. */
  store?: () => string;
  /** Returns the present model and reader, '' while unknown. A document that others made is no copy of an upload. */
  reader?: () => { model: string; reader_version: string };
}

/** The arguments of a script that compares documents with the processor; '' while it is unknown. */
export function readerArgs({ reader }: QueueOptions): { model: string; reader_version: string } {
  return reader?.() ?? { model: '', reader_version: '' };
}
