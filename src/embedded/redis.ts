import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';

import { spawnServer, until } from './server-process.ts';
import type { ServiceSpec } from './service.ts';

async function answers(port: number): Promise<boolean> {
  const redis = new Redis({ host: '127.0.0.1', port, lazyConnect: true, retryStrategy: null });
  redis.on('error', () => {});
  try {
    // Fails while Redis still loads its data.
    return (await redis.ping()) === 'PONG';
  } catch {
    return false;
  } finally {
    redis.disconnect();
  }
}

/** The system's `redis-server`, on loopback, with every write in an append-only file under `dataDir`. */
export function embeddedRedis(dataDir: string, port: number): ServiceSpec {
  const dir = join(dataDir, 'redis');
  const settings = {
    bind: '127.0.0.1',
    port: String(port),
    dir,
    appendonly: 'yes',
    appendfsync: 'everysec',
    save: '',
    'maxmemory-policy': 'noeviction',
  };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  return {
    kind: 'server',
    name: 'redis',
    spawn: () => {
      mkdirSync(dir, { recursive: true });
      return spawnServer('redis-server', args, join(dataDir, 'logs', 'redis.log'));
    },
    ready: (_child, signal) => until(() => answers(port), signal),
  };
}
