/** A worker's turn at comparing Chroma with Redis. */
export interface Turn {
  /** The life of Redis that it began in. */
  readonly epoch: string;
  readonly signal: AbortSignal;
  /** Extends the turn. MUST be called before each call of Chroma. @returns whether it goes on: not in another epoch */
  keep(): Promise<boolean>;
}
