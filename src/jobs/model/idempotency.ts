/** A client's promise that requests with the same key are the same request. */
export interface Idempotency {
  key: string;
  /** A hash of everything that the request asks for. */
  fingerprint: string;
}
