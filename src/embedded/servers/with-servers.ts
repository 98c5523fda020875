import type { Config } from '../../config.ts';
import type { Logger } from '../../logging/logger.ts';
import { embeddedChroma } from './chroma.ts';
import { DataLock, readRunning } from '../lock.ts';
import { chooseHiddenAddress, choosePorts } from './ports.ts';
import { embeddedRedis } from './redis.ts';
import { Service } from '../service.ts';

/** URLs of Redis and Chroma. */
export interface Servers {
  redisUrl: string;
  chromaUrl: string;
}

/**
 * Gives a command the servers that `npm start` uses. It prefers the configured ones, then those of the `npm start`
 * that runs on the data folder. Otherwise it starts embedded ones, and stops them after the command.
 */
export async function withServers(
  config: Config,
  logger: Logger,
  use: (servers: Servers) => Promise<void>,
): Promise<void> {
  const { redisUrl, chromaUrl } = config;
  if (redisUrl !== undefined && chromaUrl !== undefined) return use({ redisUrl, chromaUrl });
  const { dataDir } = config;
  let lock: DataLock;
  try {
    lock = await DataLock.acquire(dataDir, logger);
  } catch (error) {
    const running = readRunning(dataDir);
    const [redis, chroma] = [redisUrl ?? running?.redis_url, chromaUrl ?? running?.chroma_url];
    if (redis === undefined || chroma === undefined) throw error;
    return use({ redisUrl: redis, chromaUrl: chroma });
  }
  const ports = await choosePorts(undefined, ['redis']);
  const redis = embeddedRedis(dataDir, ports.redis);
  const chroma = embeddedChroma(dataDir, await chooseHiddenAddress());
  const services = [
    ...(redisUrl === undefined ? [new Service(redis, lock, logger)] : []),
    ...(chromaUrl === undefined ? [new Service(chroma, lock, logger)] : []),
  ];
  try {
    await Promise.all(services.map(({ ready }) => ready));
    await use({ redisUrl: redisUrl ?? redis.url, chromaUrl: chromaUrl ?? chroma.url });
  } finally {
    await Promise.all(services.map((service) => service.stop()));
    lock.release();
  }
}
