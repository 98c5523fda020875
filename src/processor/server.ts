import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createAdaptorServer } from '@hono/node-server';

import { createApp, type AppOptions } from './app.ts';
import { BundledEmbedder } from './embedders/bundled.ts';
import { OpenAiEmbedder } from './embedders/openai.ts';
import { unpackLanguages } from './ocr/languages.ts';
import { findFence } from './pool/child-fence.ts';
import { Pool } from './pool/pool.ts';
import { claimFolder } from './temporary-folder.ts';

export interface ProcessorOptions extends Omit<AppOptions, 'pool' | 'embedder' | 'tmpDir' | 'data'> {
  host: string;
  /** Port, or 0 for any free one. */
  port: number;
  /** Parent of this process's own folder for uploads. Processors may share it. */
  tmpDir: string;
  /** Languages that OCR reads. Their data is installed. */
  ocrLanguages: readonly string[];
  /** The embedding server. Without one, the bundled model embeds. */
  embeddings: { url: string; model: string; apiKey: string | undefined } | undefined;
}

/**
 * Starts the processor: an HTTP server with a pool of child processes.
 * @returns the port, and `close`, which stops all processes and removes all files
 * @throws if it cannot listen there or cannot write to `tmpDir`
 */
export async function startProcessor(
  options: ProcessorOptions,
): Promise<{ port: number; close: () => Promise<void> }> {
  const { host, port, children, timeoutMs, embeddings, logger } = options;
  const tmpDir = await claimFolder(options.tmpDir);

  const data = await unpackLanguages(options.ocrLanguages, join(tmpDir, 'ocr'));
  const fence = await findFence(tmpDir);
  logger.info('parsers have their own processes', {
    network: fence.command.length > 0 ? 'none' : 'as this process, because the system allows no namespaces',
    secrets_of_parent: fence.command.includes('--user') ? 'denied' : 'readable for native code',
    files: 'JavaScript reads the program and task files, native code all files of this user',
  });
  const pool = new Pool({ children, timeoutMs, withModel: embeddings === undefined, fence, logger });
  const embedder = embeddings ? new OpenAiEmbedder({ ...embeddings, timeoutMs }) : new BundledEmbedder(pool);
  const app = createApp({ ...options, tmpDir, data, pool, embedder });
  const server = createAdaptorServer({
    fetch: app.fetch,
    overrideGlobalObjects: false,
    hostname: 'localhost',
  }) as Server;

  const close = async () => {
    server.close();
    await pool.close();
    server.closeAllConnections();
    await rm(tmpDir, { recursive: true, force: true, maxRetries: 3 });
  };
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (error) {
    await close();
    throw error;
  }
  return { port: (server.address() as AddressInfo).port, close };
}
