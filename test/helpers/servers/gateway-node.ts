import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import type { ReadyMessage } from '../../../src/embedded/role-process.ts';
import { respondsOverHttp } from './managed-process.ts';
import { eventually } from './supervised.ts';

const MAIN = resolve(import.meta.dirname, '../../../src/main.ts');
const NOWHERE = 'http://127.0.0.1:9';

/** Everything that a server's metrics say, each by its name and labels, like `closes_total{code="1000"}`. */
async function metrics(url: string): Promise<Record<string, number>> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const lines = text.matchAll(/^([^#\s]\S*) (\S+)$/gm);
  return Object.fromEntries([...lines].map(([, series, value]) => [series, Number(value)]));
}

/** What a metric of a server says, all its labels added up. */
export async function metric(url: string, name: string): Promise<number> {
  const found = Object.entries(await metrics(url)).filter(([series]) => series.split('{')[0] === name);
  if (found.length === 0) throw new Error(`there is no metric ${name}`);
  return found.reduce((sum, [, value]) => sum + value, 0);
}

/** A process of its own that serves sockets, to be killed, stopped and drained. */
export class GatewayNode {
  /** Its exit code, once it has ended; `null` when it was killed. */
  readonly exited: Promise<number | null>;
  readonly #child: ChildProcess;
  readonly #dataDir: string;
  #port = 0;
  #printed = '';

  private constructor(child: ChildProcess, dataDir: string) {
    this.#child = child;
    this.#dataDir = dataDir;
    this.exited = once(child, 'exit').then(([code]) => code as number | null);
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (text: Buffer) => (this.#printed += text.toString()));
    // A test run that is cut short leaves nothing behind.
    const kill = () => child.kill('SIGKILL');
    process.once('exit', kill);
    child.once('exit', () => process.off('exit', kill));
  }

  /**
   * Starts one, and resolves when it is ready.
   * @param flags for Node itself
   * @param blobStore folder of originals; by default the node's own. The api roles of one Redis share one.
   */
  static async start(
    redisUrl: string,
    roles: readonly string[] = ['gateway'],
    flags: readonly string[] = [],
    blobStore?: string,
  ): Promise<GatewayNode> {
    const dataDir = await mkdtemp(join(tmpdir(), 'sluice-node-'));
    const child = spawn(process.execPath, [...flags, MAIN, ...roles], {
      env: {
        ...process.env,
        PORT: '0',
        DATA_DIR: dataDir,
        BLOB_STORE: blobStore ?? join(dataDir, 'blobs'),
        REDIS_URL: redisUrl,
        CHROMA_URL: NOWHERE,
        PROCESSOR_URL: NOWHERE,
        KEYWORDS_URL: NOWHERE,
      },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const node = new GatewayNode(child, dataDir);
    const said = await Promise.race([once(child, 'message'), node.exited]);
    if (!Array.isArray(said)) throw new Error(`the node has ended: ${node.printed}`);
    node.#port = (said as [ReadyMessage])[0].port;
    await eventually(() => respondsOverHttp(`${node.url}/readyz`));
    return node;
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  /** Where it listens; another for each. */
  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** What it has printed so far. */
  get printed(): string {
    return this.#printed;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  metric(name: string): Promise<number> {
    return metric(this.url, name);
  }

  metrics(): Promise<Record<string, number>> {
    return metrics(this.url);
  }

  /** How many sockets have closed with a code so far. */
  async closes(code: number): Promise<number> {
    return (await this.metrics())[`sluice_gateway_closes_total{code="${code}"}`] ?? 0;
  }

  /** Resolves when no session and no subscription is left. */
  async emptied(): Promise<void> {
    await eventually(async () => {
      const left = [
        await this.metric('sluice_gateway_sessions'),
        await this.metric('sluice_gateway_subscriptions'),
      ];
      return left.every((count) => count === 0);
    });
  }

  async close(): Promise<void> {
    this.signal('SIGKILL');
    await this.exited;
    await rm(this.#dataDir, { recursive: true, force: true });
  }
}
