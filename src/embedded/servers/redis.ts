import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';

import type { Failure } from '../failure-report.ts';
import { systemEnvironment } from '../process-environment.ts';
import { ServerProcess, until } from './server-process.ts';
import type { ServiceSpec } from '../service.ts';

const PASSWORD_BYTES = 32;

/** An embedded Redis, its address and its configuration file. */
export interface EmbeddedRedis extends ServiceSpec {
  /** Includes the password. */
  url: string;
  /** Absolute path of the configuration file, which holds the password. */
  configFile: string;
}

async function responds(url: string): Promise<boolean> {
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: null });
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

/**
 * Describes the system's `redis-server`, on loopback, with every write in an append-only file under `dataDir`. Each start
 * of Sluice makes a new random password. A file holds it, because every user can read a process's arguments.
 */
export function embeddedRedis(dataDir: string, port: number): EmbeddedRedis {
  const dir = join(dataDir, 'redis');
  const configFile = join(dir, 'redis.conf');
  const password = randomBytes(PASSWORD_BYTES).toString('base64url');
  // Names the user, because redis-cli would send an empty user name.
  const url = `redis://default:${password}@127.0.0.1:${port}`;
  const server = new ServerProcess(join(dataDir, 'logs', 'redis.log'), systemEnvironment());
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
    url,
    configFile,
    required: true,
    spawn: () => {
      mkdirSync(dir, { recursive: true });
      // Makes the file anew, because an existing one keeps its permissions.
      rmSync(configFile, { force: true });
      writeFileSync(configFile, `requirepass ${password}\n`, { mode: 0o600, flag: 'wx' });
      return server.spawn('redis-server', [configFile, ...args]);
    },
    ready: (_child, signal) => until(() => responds(url), signal),
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
      '   It cuts the file off at the damaged place. Later writes are lost.',
      `3. Where that does not help, move ${dir} away. Redis then starts empty. Sluice restores uploads and`,
      '   documents from their originals. How earlier jobs ended is lost.',
      '4. Start Sluice.',
    ],
  };
}
