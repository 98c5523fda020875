import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';

import type { Failure } from './failure-report.ts';
import { ServerProcess, until } from './server-process.ts';
import type { ServiceSpec } from './service.ts';

async function responds(port: number): Promise<boolean> {
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
  const server = new ServerProcess(join(dataDir, 'logs', 'redis.log'));
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
    required: true,
    spawn: () => {
      mkdirSync(dir, { recursive: true });
      return server.spawn('redis-server', args);
    },
    ready: (_child, signal) => until(() => responds(port), signal),
    explain: () => explain(dir, server),
  };
}

function explain(dir: string, server: ServerProcess): Failure {
  const data = join(dir, 'appendonlydir');
  // Redis marks important lines with `#`. Its advice about system settings is among them.
  const warnings = [...server.output().matchAll(/ # (?!WARNING)(.*\S)/g)];
  return {
    data,
    logFile: server.logFile,
    says: warnings.at(-1)?.[1],
    repair: [
      `1. Stop Sluice, and copy ${dir} to a safe place.`,
      `2. redis-check-aof --fix ${join(data, 'appendonly.aof.manifest')}`,
      '   It cuts the file off at the damaged place. What Redis wrote after that is lost.',
      `3. Where that does not help, move ${dir} away. Redis then starts empty. Sluice restores uploads and`,
      '   documents from their originals. How earlier jobs ended is lost.',
      '4. Start Sluice.',
    ],
  };
}
