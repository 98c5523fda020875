import { existsSync, mkdirSync, mkdtempSync } from 'node:fs';
import { cp, readdir, readFile, rename, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';

import { choosePorts } from '../../src/embedded/servers/ports.ts';
import { startEmbeddingsServer, type EmbeddingsServer } from '../helpers/servers/embeddings-server.ts';
import { respondsOverHttp, ManagedProcess } from '../helpers/servers/managed-process.ts';
import { TcpProxy } from '../helpers/faults/tcp-proxy.ts';

/** Short, so that a lost worker is noticed within the seconds that a run has. */
export const LEASE_MS = 1500;
/** Makes storing the longest stage: a worker that is stopped or killed is often in the middle of a write. */
const CHROMA_LATENCY_MS = 40;
const EMBEDDER_DELAY_MS = 15;

const MAIN = resolve(import.meta.dirname, '../../src/main.ts');
const CHROMA_CLI = fileURLToPath(new URL('cli.mjs', import.meta.resolve('chromadb')));

/** Every process that a deployment has, each killable by itself. Roles reach Redis and Chroma through proxies. */
export class Topology {
  readonly dir = mkdtempSync(join(tmpdir(), 'sluice-chaos-'));
  readonly blobDir = join(this.dir, 'blobs');
  readonly apiUrls: readonly string[];
  readonly chromaUrl: string;
  readonly keywordsUrl: string;
  readonly apis: readonly ManagedProcess[];
  readonly workers: readonly ManagedProcess[];
  readonly processor: ManagedProcess;
  readonly keywords: ManagedProcess;
  readonly redis: ManagedProcess;
  readonly chroma: ManagedProcess;
  /** The tester's own connection, past the proxy. */
  readonly inspector: Redis;
  readonly redisUrl: string;
  /** How often Redis came back from an older copy: what is heard before and after are other epochs. */
  era = 0;
  /** Number of times that a store lost data. At 0 every search finds a live document. */
  losses = 0;
  readonly #redisProxy: TcpProxy;
  readonly #chromaProxy: TcpProxy;
  readonly #embedder: EmbeddingsServer;
  readonly #redisDir = join(this.dir, 'redis');
  readonly #copyDir = join(this.dir, 'redis-copy');
  readonly #ports: Ports;

  private constructor(ports: Ports, redisProxy: TcpProxy, chromaProxy: TcpProxy, embedder: EmbeddingsServer) {
    this.#ports = ports;
    this.#redisProxy = redisProxy;
    this.#chromaProxy = chromaProxy;
    this.#embedder = embedder;
    mkdirSync(this.#redisDir);
    this.redisUrl = `redis://127.0.0.1:${ports.redis}`;
    this.chromaUrl = `http://127.0.0.1:${ports.chroma}`;
    this.keywordsUrl = `http://127.0.0.1:${ports.keywords}`;
    this.apiUrls = [ports.api0, ports.api1].map((port) => `http://127.0.0.1:${port}`);
    this.inspector = new Redis(this.redisUrl, {
      lazyConnect: true,
      retryStrategy: () => 100,
      maxRetriesPerRequest: null,
    });
    this.inspector.on('error', () => {});
    this.redis = this.#redisServer();
    this.chroma = new ManagedProcess({
      name: 'chroma',
      command: process.execPath,
      args: [CHROMA_CLI, 'run', '--path', join(this.dir, 'chroma'), '--host', '127.0.0.1'].concat([
        '--port',
        String(ports.chroma),
      ]),
      logFile: this.logFile('chroma'),
      responds: () => respondsOverHttp(`${this.chromaUrl}/api/v2/heartbeat`),
    });
    this.keywords = this.#role('keywords', ['keywords'], ports.keywords);
    this.processor = this.#role('processor', ['processor'], ports.processor);
    this.apis = [ports.api0, ports.api1].map((port, i) => this.#role(`api-${i}`, ['api', 'gateway'], port));
    this.workers = [ports.worker0, ports.worker1].map((port, i) =>
      this.#role(`worker-${i}`, ['worker'], port),
    );
  }

  /** Starts everything, and resolves when everything serves. */
  static async start(): Promise<Topology> {
    const ports = await choosePorts(undefined, NAMES);
    const topology = new Topology(
      ports,
      await TcpProxy.start(ports.redisProxy, ports.redis),
      await TcpProxy.start(ports.chromaProxy, ports.chroma, CHROMA_LATENCY_MS),
      await startEmbeddingsServer({ port: ports.embedder }),
    );
    topology.#embedder.delayMs = EMBEDDER_DELAY_MS;
    try {
      await Promise.all([topology.redis, topology.chroma].map((server) => server.up()));
      const { apis, workers, processor, keywords } = topology;
      await Promise.all([...apis, ...workers, processor, keywords].map((role) => role.up()));
    } catch (error) {
      await topology.close();
      throw error;
    }
    return topology;
  }

  get all(): readonly ManagedProcess[] {
    return [...this.apis, ...this.workers, this.processor, this.keywords, this.redis, this.chroma];
  }

  logFile(name: string): string {
    return join(this.dir, `${name}.log`);
  }

  /** Returns the log lines of all apis and workers that name a job, each with its process. */
  async logged(jobId: string): Promise<string[]> {
    const texts = await Promise.all(
      [...this.apis, ...this.workers].map(async ({ name }) => {
        const text = await readFile(this.logFile(name), 'utf8').catch(() => '');
        return text.split('\n').flatMap((line) => (line.includes(jobId) ? `${name}: ${line}` : []));
      }),
    );
    return texts.flat();
  }

  /** The roles' next `count` commands reach Redis; their replies never come back. */
  loseReplies(count: number): void {
    this.#redisProxy.loseReplies(count);
  }

  /** The next command of a role with this text in it is late: as {@link TcpProxy.holdBack}. */
  holdBack(text: string, withinMs: number): ReturnType<TcpProxy['holdBack']> {
    return this.#redisProxy.holdBack(text, withinMs);
  }

  /** Keeps a copy of what Redis holds now. */
  async copyRedis(): Promise<void> {
    await rm(this.#copyDir, { recursive: true, force: true });
    // The append-only file is whole up to some command at any moment: every prefix of it is a state Redis was in.
    await cp(this.#redisDir, this.#copyDir, { recursive: true });
  }

  /** Redis forgets everything since {@link copyRedis}. */
  async rollBackRedis(): Promise<void> {
    this.losses++;
    await this.redis.down();
    await rm(this.#redisDir, { recursive: true });
    await cp(this.#copyDir, this.#redisDir, { recursive: true });
    this.era++;
    await this.redis.up();
  }

  /** Takes the blob store away for so long, as a mount that is lost. */
  async loseBlobs(forMs: number): Promise<void> {
    await rename(this.blobDir, `${this.blobDir}-away`);
    await sleep(forMs);
    // An upload into a folder that a role made anew would be hidden when the mount is back.
    if (existsSync(this.blobDir)) throw new Error('a role made the folder of the blob store anew');
    await rename(`${this.blobDir}-away`, this.blobDir);
  }

  /** Chroma comes back with nothing. */
  async emptyChroma(): Promise<void> {
    this.losses++;
    await this.chroma.down();
    await rm(join(this.dir, 'chroma'), { recursive: true });
    await this.chroma.up();
  }

  /** The keyword index comes back with nothing. A search says so, so it counts as no loss. */
  async emptyKeywords(): Promise<void> {
    await this.keywords.down();
    await rm(join(this.dir, 'keywords'), { recursive: true, force: true });
    await this.keywords.up();
  }

  /** Runs all roles on the same stores for so long, but under another prefix. */
  async intrude(prefix: string, forMs: number): Promise<void> {
    const intruder = this.#role('intruder', ['api', 'gateway', 'worker'], this.#ports.intruder, {
      REDIS_KEY_PREFIX: prefix,
    });
    try {
      await intruder.up();
      await sleep(forMs);
    } finally {
      await intruder.down();
    }
  }

  /** Dates the originals and manifests of all jobs whose end is noted back. */
  async ageEndedFiles(ms: number): Promise<void> {
    const then = new Date(Date.now() - ms);
    const ends = join(this.blobDir, '.ends');
    // The first job that ends makes the folder. A round may begin with this fault.
    if (!existsSync(ends)) return;
    for (const name of await readdir(ends, { recursive: true })) {
      const id = /([0-9a-f-]{36})\.\w+\.json$/.exec(name)?.[1];
      if (id === undefined) continue;
      for (const path of [`default/${id}`, `default/${id}.json`])
        await utimes(join(this.blobDir, path), then, then).catch(() => {});
    }
  }

  /** Kills everything and removes its data. */
  async close(): Promise<void> {
    this.inspector.disconnect();
    await Promise.all(this.all.map((one) => one.down()));
    await Promise.all([this.#redisProxy.close(), this.#chromaProxy.close(), this.#embedder.close()]);
    await rm(this.dir, { recursive: true, force: true, maxRetries: 3 });
  }

  #redisServer(): ManagedProcess {
    // Flushed with every write, so that a kill alone never loses what was answered: losing it is a fault of its own.
    const settings = {
      bind: '127.0.0.1',
      dir: this.#redisDir,
      appendonly: 'yes',
      appendfsync: 'always',
      save: '',
    };
    return new ManagedProcess({
      name: 'redis',
      command: 'redis-server',
      args: Object.entries({ ...settings, port: String(this.#ports.redis) }).flatMap(([k, v]) => [
        `--${k}`,
        v,
      ]),
      logFile: this.logFile('redis'),
      responds: async () => (await this.inspector.ping().catch(() => '')) === 'PONG',
    });
  }

  #role(
    name: string,
    roles: readonly string[],
    port: number,
    env: Record<string, string> = {},
  ): ManagedProcess {
    const at = (port: number) => `127.0.0.1:${port}`;
    return new ManagedProcess({
      name,
      command: process.execPath,
      args: [MAIN, ...roles],
      env: {
        PORT: String(port),
        DATA_DIR: this.dir,
        BLOB_STORE: this.blobDir,
        REDIS_URL: `redis://${at(this.#ports.redisProxy)}`,
        CHROMA_URL: `http://${at(this.#ports.chromaProxy)}`,
        PROCESSOR_URL: `http://${at(this.#ports.processor)}`,
        KEYWORDS_URL: `http://${at(this.#ports.keywords)}`,
        EMBEDDINGS_URL: `http://${at(this.#ports.embedder)}/v1`,
        LEASE_MS: String(LEASE_MS),
        WORKER_CONCURRENCY: '4',
        PROCESSOR_CHILDREN: '2',
        ...env,
      },
      logFile: this.logFile(name),
      responds: () =>
        respondsOverHttp(`http://${at(port)}/${SERVICES.includes(name) ? 'health' : 'healthz'}`),
    });
  }
}

/** Roles without the api's health. */
const SERVICES = ['processor', 'keywords'];
const NAMES = [
  ...(['redis', 'redisProxy', 'chroma', 'chromaProxy', 'embedder', 'processor', 'keywords'] as const),
  ...(['api0', 'api1', 'worker0', 'worker1', 'intruder'] as const),
];
type Ports = Record<(typeof NAMES)[number], number>;
