import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startRedis, type TestRedis } from '../../helpers/servers/redis.ts';
import { Remote } from '../queue/remote.ts';
import type { Heard, Watch } from './clients.ts';
import { loadSide } from './side.ts';

const path = (file: string) => join(import.meta.dirname, file);

/** What happened while something was done. */
export interface Measured<T> {
  result: T;
  heard: Heard;
  /** The server's processor time, in microseconds. */
  cpu: number;
}

/** A side with all that it takes, each in a process of its own: Redis, its server, its publisher and all clients. */
export class Rig {
  readonly redis: TestRedis;
  readonly server: Remote;
  readonly publisher: Remote;
  readonly clients: Remote;
  readonly #folder: string;
  readonly #port: number;
  readonly #jobs: number;

  private constructor(redis: TestRedis, folder: string, remotes: Remote[], port: number, jobs: number) {
    [this.server, this.publisher, this.clients] = remotes as [Remote, Remote, Remote];
    this.redis = redis;
    this.#folder = folder;
    this.#port = port;
    this.#jobs = jobs;
  }

  /** @param side its file */
  static async open(side: string, jobs: number): Promise<Rig> {
    const redis = await startRedis();
    // Redis would cut whoever falls behind, and hide by how much.
    await redis.client.config('SET', 'client-output-buffer-limit', 'pubsub 0 0 0');
    const folder = await mkdtemp(join(tmpdir(), 'bench-fanout-'));
    const { nodeFlags } = await loadSide(side);
    const remotes = ['server.ts', 'publisher.ts', 'clients.ts'].map(
      (file, i) => new Remote(path(file), [side, redis.url, folder], i === 0 ? nodeFlags : []),
    );
    const [server, publisher] = remotes as [Remote, Remote];
    const [port] = await Promise.all([server.call<number>('open'), publisher.call('open', jobs)]);
    return new Rig(redis, folder, remotes, port, jobs);
  }

  /** Opens clients. */
  async watch(clients: number, what: Watch['what'], how: 'watch' | 'poll' = 'watch'): Promise<void> {
    await this.clients.call(how, { port: this.#port, clients, jobs: this.#jobs, what } satisfies Watch);
  }

  async measure<T>(act: () => Promise<T>): Promise<Measured<T>> {
    await this.clients.call('start');
    const before = await this.server.call<number>('cpu');
    const result = await act();
    const cpu = (await this.server.call<number>('cpu')) - before;
    return { result, cpu, heard: await this.clients.call<Heard>('stop') };
  }

  async close(): Promise<void> {
    // The server first: it need not hear of each client that goes.
    for (const remote of [this.server, this.publisher, this.clients]) await remote.close();
    await this.redis.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
