import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { makeFolder } from './make-folder.ts';

/** SHA-256, as the last bytes of every file. */
const DIGEST_BYTES = 32;
/** A writer that has not heard yet that its job ended may add a file while the folder is being removed. */
const REMOVE_RETRIES = 3;

/**
 * A folder of finished work, each piece a file: a line of JSON that says what it is, its bytes, and a digest
 * of both. Whatever is not whole reads as absent. Nothing is flushed: what a power cut takes is work that can
 * be done again.
 */
export class CheckpointFolder {
  readonly #path: string;

  /** @param path absolute, `{root}/{tenant}/{name}`; need not exist, but the root must before a write */
  constructor(path: string) {
    this.#path = path;
  }

  /**
   * Makes the folder. Writing never does: a worker that does not know yet that its job ended elsewhere must not
   * bring back what was removed with it.
   */
  async make(): Promise<void> {
    const root = dirname(dirname(this.#path));
    await makeFolder(root, this.#path);
  }

  /** Which files there are, whole or not. */
  async names(): Promise<string[]> {
    return readdir(this.#path).catch(() => []);
  }

  /** Reads a file; `undefined` unless it is there and whole. */
  async read(name: string): Promise<{ header: unknown; body: Buffer } | undefined> {
    const bytes = await readFile(join(this.#path, name)).catch(() => undefined);
    if (!bytes || bytes.length < DIGEST_BYTES) return undefined;
    const content = bytes.subarray(0, -DIGEST_BYTES);
    if (!digest(content).equals(bytes.subarray(-DIGEST_BYTES))) return undefined;
    const lineEnd = content.indexOf('\n');
    try {
      const header: unknown = JSON.parse(content.toString('utf8', 0, lineEnd));
      return { header, body: content.subarray(lineEnd + 1) };
    } catch {
      return undefined;
    }
  }

  /** Writes a file, all of it or nothing. Throws when the folder is not there. */
  async write(name: string, header: object, body: Uint8Array): Promise<void> {
    const path = join(this.#path, name);
    const temporary = `${path}.${randomUUID()}`;
    const line = Buffer.from(`${JSON.stringify(header)}\n`);
    try {
      await writeFile(temporary, [line, body, digest(line, body)], { flag: 'wx' });
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => {});
      throw error;
    }
  }

  /** Removes one file. */
  async drop(name: string): Promise<void> {
    await rm(join(this.#path, name), { force: true });
  }

  /** Removes the folder with all that is in it. */
  async remove(): Promise<void> {
    await rm(this.#path, { recursive: true, force: true, maxRetries: REMOVE_RETRIES });
  }
}

function digest(...parts: Uint8Array[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}
