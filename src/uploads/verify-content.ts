import { createHash } from 'node:crypto';
import { Transform } from 'node:stream';

/** What is known of an original, by the payload or the document that names it. Absent values are not compared. */
export interface KnownContent {
  /** In bytes. */
  size?: number | undefined;
  /** SHA-256 in hex. */
  contentHash?: string | undefined;
}

/** Thrown for a blob that does not hold the bytes that were uploaded. */
export class BlobChangedError extends Error {
  override name = 'BlobChangedError';
}

/**
 * Passes a file's bytes on and compares them as they pass, so that no reader needs a second pass. The stream ends
 * only when all is as it was uploaded. Readers MUST NOT act on what they were sent before that.
 * @param size what the file had when it was opened; no more bytes than that are passed on
 * @returns a stream that fails with {@link BlobChangedError}; with a plain error where nothing is known and the file
 * was written while it was read
 */
export function verifyContent(size: number, known: KnownContent): Transform {
  const nothingKnown = known.size === undefined && known.contentHash === undefined;
  const differs = (detail: string) => (nothingKnown ? new Error(detail) : new BlobChangedError(detail));
  const hash = known.contentHash === undefined ? undefined : createHash('sha256');
  let passed = 0;
  return new Transform({
    transform(bytes: Buffer, _encoding, done) {
      passed += bytes.length;
      if (passed > size) return done(differs(`the file has more than the ${size} bytes it was opened with`));
      hash?.update(bytes);
      done(null, bytes);
    },
    flush(done) {
      if (passed !== size) return done(differs(`the file has ${passed} bytes, and not ${size}`));
      const found = hash?.digest('hex');
      if (found === known.contentHash?.toLowerCase()) return done();
      done(differs(`the file's SHA-256 is ${found}, and not ${known.contentHash}`));
    },
  });
}
