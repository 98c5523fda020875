import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Guard } from '../../../src/access/guard.ts';
import type { KeywordChunk } from '../../../src/contract/services/keywords.ts';
import { CATALOGUE_FILE } from '../../../src/keywords/catalogue.ts';
import { startKeywords } from '../../../src/keywords/server.ts';
import { KeywordIndex } from '../../../src/keywords-client/keyword-index.ts';
import { quietLogger } from './roles.ts';

export const SECRET = 'the-secret-of-the-test';

/** Starts a keyword index on a folder of its own, which a test may stop, change and start again. */
export async function startTestKeywords() {
  const parent = await mkdtemp(join(tmpdir(), 'sluice-keywords-'));
  const folder = join(parent, 'keywords');
  const logger = quietLogger();
  const guard = new Guard(['127.0.0.1'], [], logger);
  const open = () => startKeywords({ host: '127.0.0.1', port: 0, folder, guard, secret: SECRET, logger });
  let running = await open();
  const clients: KeywordIndex[] = [];
  const at = () => `http://127.0.0.1:${running.port}`;
  return {
    folder,
    logger,
    get url() {
      return at();
    },
    /** Makes a client of the current address. */
    client({ installation = 'one', secret = SECRET } = {}) {
      const client = new KeywordIndex(at(), { secret, installation: () => installation });
      clients.push(client);
      return client;
    },
    /** Stops it, changes its files, and starts it again. @returns a client of the new address */
    async restart(change: () => unknown = () => {}) {
      await running.close();
      await change();
      running = await open();
      return this.client();
    },
    /** Lists the files of collections. */
    async files() {
      const names = await readdir(folder);
      return names
        .filter((name) => name.endsWith('.sqlite') && name !== CATALOGUE_FILE)
        .map((name) => join(folder, name));
    },
    async close() {
      await Promise.all(clients.map((client) => client.close()));
      await running.close();
      await rm(parent, { recursive: true, force: true });
    },
  };
}

/** Replaces a file by bytes that SQLite never wrote, and removes its log. */
export async function damage(path: string): Promise<void> {
  for (const suffix of ['-wal', '-shm']) await rm(path + suffix, { force: true });
  await writeFile(path, 'This is no database. '.repeat(1000));
}

/** Makes a chunk to index. */
export function keywordChunk(index: number, text: string, more: Partial<KeywordChunk> = {}): KeywordChunk {
  return { index, title: 'notes.txt', text, ...more };
}

/** Starts an empty keyword index with one client. */
export async function startKeywordIndex() {
  const server = await startTestKeywords();
  return { index: server.client(), close: () => server.close() };
}
