import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';

import type { Guard } from '../access/guard.ts';
import type { Logger } from '../logging/logger.ts';
import { createApp } from './app.ts';
import { BundledEmbedder } from './embedders/bundled.ts';
import { OpenAiEmbedder } from './embedders/openai.ts';
import { findFence } from './pool/child-fence.ts';
import { Pool } from './pool/pool.ts';
import { claimFolder } from './temporary-folder.ts';

export interface ProcessorOptions {
  host: string;
  /** 0 for any free port. */
  port: number;
  /** Where uploads wait for a child, in a folder of this process's own; processors may share it. */
  tmpDir: string;
  /** How many tasks run at once, each in its own process. */
  children: number;
  /** The longest silence while parsing, and the longest time for a chunking or a batch of embeddings. */
  timeoutMs: number;
  maxTextChars: number;
  maxUploadBytes: number;
  /** An embedding server to use; without one, the bundled model embeds. */
  embeddings: { url: string; model: string; apiKey: string | undefined } | undefined;
  guard: Guard;
  /** Secret that each call must carry; absent for an open processor. */
  secret?: string | undefined;
  logger: Logger;
}

/**
 * Starts the processor: an HTTP server in front of a pool of child processes.
 * @returns the port it listens on, and `close`, which stops it with everything it runs and leaves no process
 *   and no file behind
 * @throws when it cannot listen there, or cannot write to `tmpDir`
 */
export async function startProcessor(
  options: ProcessorOptions,
): Promise<{ port: number; close: () => Promise<void> }> {
  const { host, port, children, timeoutMs, embeddings, logger } = options;
  const tmpDir = await claimFolder(options.tmpDir);

  const fence = await findFence(tmpDir);
  logger.info('parsers have their own processes', {
    network: fence.command.length > 0 ? 'none' : 'as this process, because the system allows no namespaces',
    secrets_of_parent: fence.command.includes('--user') ? 'denied' : 'readable for native code',
    files: 'the program and its document for JavaScript, those of this user for native code',
  });
  const pool = new Pool({ children, timeoutMs, withModel: embeddings === undefined, fence, logger });
  const embedder = embeddings ? new OpenAiEmbedder({ ...embeddings, timeoutMs }) : new BundledEmbedder(pool);
  const app = createApp({ ...options, tmpDir, pool, embedder });
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
