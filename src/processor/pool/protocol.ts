import type { ErrorCode } from '../errors.ts';

/** Work for a child. Files go by path, since a message would be copied whole in both processes. */
export type Task =
  | {
      kind: 'parse';
      path: string;
      bytes: number;
      filename: string;
      /** As the caller declared it: a hint at most. */
      mediaType: string;
      maxTextChars: number;
      /** How long a reader may be silent that another can stand in for. */
      maxSilenceMs: number;
      format: 'json' | 'ndjson';
    }
  /** `path` holds the body of a `POST /chunk`. */
  | { kind: 'chunk'; path: string; bytes: number; maxTextChars: number }
  | { kind: 'embed'; texts: string[] };

/**
 * What a child says. It is `ready` once; then every task is answered by any number of `alive` and `bytes`
 * and by one `done` or `failed`. Where it says `spent` before that, it is of no use for another task: something
 * of this one goes on that cannot be stopped.
 */
export type ChildMessage =
  | { type: 'ready' }
  | { type: 'alive' }
  | { type: 'bytes'; bytes: Uint8Array }
  | { type: 'spent' }
  | { type: 'done' }
  /** `cause` is for the log. */
  | { type: 'failed'; code: ErrorCode; detail: string; cause?: string };

/** The argument that makes a child load the bundled embedding model as soon as it is up. */
export const WITH_MODEL = 'with-model';
