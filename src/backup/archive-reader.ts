import { createReadStream } from 'node:fs';
import { text } from 'node:stream/consumers';
import { finished } from 'node:stream/promises';
import { extract, type Header } from 'tar-stream';
import * as v from 'valibot';

import {
  ArchiveDigest,
  BLOBS,
  END,
  EndSchema,
  HEAD,
  HeadSchema,
  SNAPSHOT,
  type Head,
} from './archive-format.ts';
import { BackupError } from './backup-error.ts';

/** One file of a backup. The caller MUST read its content to the end. */
export interface ArchiveFile {
  name: string;
  size: number;
  mtime: Date;
  content: AsyncIterable<Buffer>;
}

/**
 * Reads a backup's files in order, and compares its end entry with the bytes read.
 * @returns the backup's head, when the generator ends
 * @throws {BackupError} if the file is no backup, incomplete or changed, or holds a path outside the archive
 */
export async function* readArchive(path: string): AsyncGenerator<ArchiveFile, Head> {
  const digest = new ArchiveDigest();
  let head: Head | undefined;
  let ended = false;
  const file = createReadStream(path);
  const tar = extract();
  file.on('error', (error) => tar.destroy(new BackupError(`${path} cannot be read: ${error.message}`)));
  file.pipe(tar);
  try {
    for await (const entry of tar) {
      const { name, size, mtime } = entry.header;
      const source = entry as unknown as AsyncIterable<Buffer>;
      if (ended) throw new BackupError(`${path} has entries after its end. Use another backup.`);
      if (head === undefined) {
        if (name !== HEAD) throw foreign(path);
        digest.begin(name, size);
        head = parse(HeadSchema, await text(contentOf(source, digest, path)), path);
      } else if (name === END) {
        const stated = parse(EndSchema, await text(source), path);
        const read = digest.end();
        if (stated.sha256 !== read.sha256)
          throw new BackupError(`${path} was changed after it was written. Use another backup.`);
        ended = true;
      } else {
        requireOurs(entry.header, path);
        digest.begin(name, size);
        yield { name, size, mtime, content: contentOf(source, digest, path) };
      }
    }
  } catch (error) {
    if (!isTarError(error)) throw error;
    throw head ? notWhole(path) : foreign(path);
  } finally {
    file.destroy();
    await finished(file).catch(() => {});
  }
  if (head === undefined) throw foreign(path);
  if (!ended) throw notWhole(path);
  return head;
}

function foreign(path: string): BackupError {
  return new BackupError(`${path} is no backup of Sluice. Name a file that npm run backup wrote.`);
}

function notWhole(path: string): BackupError {
  return new BackupError(`${path} is incomplete: its end is missing. Use another backup.`);
}

/** Detects tar-stream's errors about a truncated or broken file. */
function isTarError(error: unknown): boolean {
  return error instanceof Error && /unexpected end of data|invalid tar header/i.test(error.message);
}

function requireOurs({ name, type }: Header, path: string): void {
  const parts = name.split('/');
  const plain = parts.every((part) => part !== '' && part !== '.' && part !== '..' && !/[\0\\]/.test(part));
  const ours = name === SNAPSHOT || (name.startsWith(BLOBS) && plain);
  if (!ours || type !== 'file') {
    throw new BackupError(
      `${path} holds ${JSON.stringify(name)} (${type}), which no backup of Sluice does. Use another backup.`,
    );
  }
}

/** Passes on a file's content. Its consumer receives the read errors. */
async function* contentOf(
  source: AsyncIterable<Buffer>,
  digest: ArchiveDigest,
  path: string,
): AsyncGenerator<Buffer> {
  try {
    for await (const bytes of source) {
      digest.update(bytes);
      yield bytes;
    }
  } catch (error) {
    throw isTarError(error) ? notWhole(path) : error;
  }
}

function parse<Schema extends v.GenericSchema>(
  schema: Schema,
  json: string,
  path: string,
): v.InferOutput<Schema> {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), json);
  if (!parsed.success)
    throw new BackupError(
      `${path} is of another version of Sluice, or damaged. Use that version, or another backup.`,
    );
  return parsed.output;
}
