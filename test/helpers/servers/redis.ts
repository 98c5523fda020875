import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';

import { choosePorts } from '../../../src/embedded/servers/ports.ts';
import { eventually } from './supervised.ts';

/** Returns a port that was free a moment ago. No outgoing connection of another test takes it meanwhile. */
export async function freePort(): Promise<number> {
  const { port } = await choosePorts(undefined, ['port']);
  return port;
}

export interface TestRedis {
  url: string;
  port: number;
  pid(): number;
  /** A connection for the test itself; closed by {@link TestRedis.close}. */
  client: Redis;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** Starts it again on the same port and folder. @param more settings, for this once */
  start(...more: string[]): Promise<void>;
  close(): Promise<void>;
}

/** Starts a real redis-server of the test's own, in a folder that goes with it. */
export async function startRedis(): Promise<TestRedis> {
  const dir = await mkdtemp(join(tmpdir(), 'sluice-redis-'));
  const port = await freePort();
  const args = [
    '--port',
    `${port}`,
    '--bind',
    '127.0.0.1',
    '--dir',
    dir,
    '--appendonly',
    'yes',
    '--save',
    '',
    // A replica is in step at once.
    '--repl-diskless-sync-delay',
    '0',
  ];
  const run = (...more: string[]) => spawn('redis-server', [...args, ...more], { stdio: 'ignore' });
  let server = run();
  const url = `redis://127.0.0.1:${port}`;
  const client = new Redis(url, { retryStrategy: () => 50, maxRetriesPerRequest: null });
  client.on('error', () => {});
  await client.ping();
  const kill = async () => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    const ended = new Promise((resolve) => server.once('exit', resolve));
    server.kill('SIGKILL');
    await ended;
  };
  return {
    url,
    port,
    pid: () => server.pid as number,
    client,
    kill,
    async start(...more) {
      server = run(...more);
      await client.ping();
    },
    async close() {
      client.disconnect();
      await kill();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/**
 * Makes one server the replica of another, and waits until it is in step.
 * @param port where the replica finds its master
 */
export async function replicate(replica: TestRedis, master: TestRedis, port = master.port): Promise<void> {
  await replica.client.replicaof('127.0.0.1', port);
  await eventually(async () => {
    // Whoever has not written is not waited for.
    await master.client.publish('a write', '');
    return (await master.client.wait(1, 100)) === 1;
  });
}
