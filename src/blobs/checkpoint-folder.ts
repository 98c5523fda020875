import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { makeFolder } from './make-folder.ts';

/** Length of the SHA-256 at the end of each file. */
const DIGEST_BYTES = 32;
/** Retries of a removal. A worker that does not know yet of its job's end may add a file meanwhile. */
const REMOVE_RETRIES = 3;

/**
 * Keeps a job's finished parts as files. Each has a header line of JSON, its bytes, and a digest of both. An incomplete
 * file reads as absent. It flushes no file, because a worker can repeat the work that a power cut loses.
 */
export class CheckpointFolder {
  readonly #path: string;

  /** @param path absolute, `{root}/{tenant}/{name}`; the root MUST exist before a write */
  constructor(path: string) {
    this.#path = path;
  }

  /**
   * Makes the folder. `write` never does. A worker that does not know yet of its job's end would otherwise restore a
   * removed folder.
   */
  async make(): Promise<void> {
    const root = dirname(dirname(this.#path));
    await makeFolder(root, this.#path);
  }

  /** Lists the files, also incomplete ones. */
  async names(): Promise<string[]> {
    return readdir(this.#path).catch(() => []);
  }

  /** Reads a file; `undefined` if it is missing or incomplete. */
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

  /** Writes a file atomically. @throws if the folder is missing */
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

  /** Removes the folder and its files. */
  async remove(): Promise<void> {
    await rm(this.#path, { recursive: true, force: true, maxRetries: REMOVE_RETRIES });
  }
}

function digest(...parts: Uint8Array[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}
