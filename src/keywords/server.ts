import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';

import { createApp, type AppOptions } from './app.ts';
import { KeywordStore } from './keyword-store.ts';

export interface KeywordsOptions extends AppOptions {
  host: string;
  /** Port, or 0 for any free one. */
  port: number;
  /** Folder of the index. */
  folder: string;
}

/**
 * Starts the keyword index: an HTTP server on the SQLite files of a folder.
 * @returns the port, and `close`, which ends the calls under way
 * @throws if it cannot listen there, or cannot use the folder
 */
export async function startKeywords(
  options: KeywordsOptions,
): Promise<{ port: number; close: () => Promise<void> }> {
  const { host, port, folder, logger } = options;
  const store = new KeywordStore(folder, logger);
  const app = createApp(store, options);
  const server = createAdaptorServer({
    fetch: app.fetch,
    overrideGlobalObjects: false,
    hostname: 'localhost',
  }) as Server;
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (error) {
    await store.close();
    throw error;
  }
  const close = async () => {
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
    await store.close();
  };
  return { port: (server.address() as AddressInfo).port, close };
}
