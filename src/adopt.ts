import { join } from 'node:path';

import { bypassProxy, ConfigError, loadConfig, type Config } from './config.ts';
import { chromaCall } from './documents/chroma-call.ts';
import { withServers, type Servers } from './embedded/servers/with-servers.ts';
import { adoptInstallation, SOURCES, type Source } from './installation/adopt.ts';
import { identityStores } from './installation/identity-stores.ts';
import { InstallationError } from './installation/installation-error.ts';
import { KeywordError } from './keywords/errors.ts';
import { forgetInstallation } from './keywords/forget-installation.ts';
import { createLogger, type Logger } from './logging/logger.ts';
import { makeFilesPrivate } from './private-files.ts';
import { connectRedis } from './redis/connection.ts';
import { createKeys } from './redis/keys.ts';

/** Runs `npm run adopt -- blobs|redis|chroma`: makes one store's installation id win in all stores. */
async function main(): Promise<void> {
  makeFilesPrivate();
  const [source] = process.argv.slice(2);
  if (!SOURCES.includes(source as Source))
    throw new ConfigError('Name the store whose id must win: npm run adopt -- blobs (or redis, or chroma).');
  const config = loadConfig();
  const logger = createLogger('adopt');
  await withServers(config, logger, async (servers) => {
    const changes = await adopt(source as Source, config, servers, logger);
    const lines = changes.length > 0 ? changes : ['The stores belong to one installation already.'];
    process.stdout.write(`${lines.join('\n')}\n`);
  });
}

async function adopt(source: Source, config: Config, servers: Servers, logger: Logger): Promise<string[]> {
  bypassProxy([servers.chromaUrl]);
  const keys = createKeys(config.redisKeyPrefix);
  const redis = connectRedis(servers.redisUrl, 'adopt', 'bounded', logger);
  try {
    const urls = { blobStore: config.blobStore, ...servers };
    const stores = identityStores(urls, redis, keys, chromaCall(servers.chromaUrl), logger);
    const changes = await adoptInstallation(source, stores);
    // The index adopts the id with its next write. Always, because a run before this one may have been cut off.
    if (config.keywordsUrl === undefined) forgetInstallation(join(config.dataDir, 'keywords'));
    return changes;
  } finally {
    redis.disconnect();
  }
}

main().catch((error: unknown) => {
  const explained = error instanceof ConfigError || error instanceof InstallationError;
  const text = error instanceof KeywordError ? `${error.code}: ${error.message}` : (error as Error).stack;
  process.stderr.write(`${explained ? error.message : (text ?? String(error))}\n`);
  process.exit(1);
});
