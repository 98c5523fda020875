/** A worker's turn to compare Chroma with Redis. */
export interface Turn {
  /** Epoch in which it began. */
  readonly epoch: string;
  readonly signal: AbortSignal;
  /** Extends the turn. MUST be called before each call to Chroma. @returns false once the epoch has ended */
  keep(): Promise<boolean>;
}
