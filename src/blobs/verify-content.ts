import { createHash } from 'node:crypto';
import { Transform } from 'node:stream';

/** Known size and hash of an original, from its payload or its document. Absent values are not compared. */
export interface KnownContent {
  /** In bytes. */
  size?: number | undefined;
  /** SHA-256 in hex. */
  contentHash?: string | undefined;
}

/** Reports a blob whose bytes differ from the upload. */
export class BlobChangedError extends Error {
  override name = 'BlobChangedError';
}

/**
 * Compares a file's bytes with the upload while it passes them on, so that readers need no second pass. The stream
 * ends normally only if all bytes match. Readers MUST NOT act on its bytes before that. It holds the last piece back
 * until then, so that a reader who counts bytes cannot take a changed file for a complete one.
 * @param size bytes of the file when opened; the stream passes on no more
 * @returns a stream that fails with {@link BlobChangedError}. With no known value it fails with a plain error if another
 * process wrote the file meanwhile
 */
export function verifyContent(size: number, known: KnownContent): Transform {
  const nothingKnown = known.size === undefined && known.contentHash === undefined;
  const differs = (detail: string) => (nothingKnown ? new Error(detail) : new BlobChangedError(detail));
  const hash = known.contentHash === undefined ? undefined : createHash('sha256');
  let passed = 0;
  let held: Buffer | undefined;
  return new Transform({
    transform(bytes: Buffer, _encoding, done) {
      passed += bytes.length;
      if (passed > size) return done(differs(`the file has more than the ${size} bytes it was opened with`));
      hash?.update(bytes);
      const before = held;
      held = bytes;
      done(null, before);
    },
    flush(done) {
      if (passed !== size) return done(differs(`the file has ${passed} bytes, and not ${size}`));
      const found = hash?.digest('hex');
      if (found === known.contentHash?.toLowerCase()) return done(null, held);
      done(differs(`the file's SHA-256 is ${found}, and not ${known.contentHash}`));
    },
  });
}
