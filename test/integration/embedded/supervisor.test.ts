import { spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { describe, expect, test } from 'vitest';

import { withoutCredentials } from '../../../src/logging/without-credentials.ts';
import { eventually, isAlive, SupervisedFolder } from '../../helpers/servers/supervised.ts';

const EVERYONE = ['api+gateway', 'chroma', 'keywords', 'processor', 'redis', 'worker'];

interface RoleResponse {
  pid: number;
  grandchild?: number;
  environment: Record<'REDIS_URL' | 'CHROMA_URL' | 'PROCESSOR_URL' | 'KEYWORDS_URL' | 'DRAIN_MS', string>;
}

const ask = async (url: string) => (await (await fetch(url)).json()) as RoleResponse;

async function withRedis<T>(url: string, use: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url, { retryStrategy: null, lazyConnect: true });
  redis.on('error', () => {});
  try {
    return await use(redis);
  } finally {
    redis.disconnect();
  }
}

describe('a running supervisor', () => {
  test('starts everything, says so once, and leaves nothing when it is asked to stop', async () => {
    await using folder = new SupervisedFolder();
    const program = folder.start();
    const url = await program.ready();
    await eventually(() => folder.children()['worker']);

    expect(Object.keys(folder.children()).sort()).toEqual(EVERYONE);
    const { environment } = await ask(url);
    expect(await withRedis(environment.REDIS_URL, (redis) => redis.ping())).toBe('PONG');
    expect((await fetch(`${environment.CHROMA_URL}/api/v2/heartbeat`)).status).toBe(200);
    for (const url of [environment.PROCESSOR_URL, environment.KEYWORDS_URL]) await eventually(() => ask(url));
    expect(program.stdout.match(/Sluice is ready/g)).toHaveLength(1);
    const redisUrl = withoutCredentials(environment.REDIS_URL);
    for (const part of [folder.path, redisUrl, environment.CHROMA_URL, `kill ${program.pid}`]) {
      expect(program.stdout).toContain(part);
    }

    expect(await program.stop()).toBe(0);
    expect(folder.survivors()).toEqual([]);
    expect(existsSync(join(folder.path, 'sluice.lock'))).toBe(false);
  });

  test('starts again whoever is killed, at the same address and with its data', async () => {
    await using folder = new SupervisedFolder();
    const program = folder.start();
    const url = await program.ready();
    const { environment } = await ask(url);
    await withRedis(environment.REDIS_URL, (redis) => redis.set('kept', 'yes'));
    await eventually(() => folder.children()['worker']);

    const before = folder.children();
    for (const { pid } of Object.values(before)) process.kill(pid, 'SIGKILL');

    const after = await eventually(() => {
      const children = folder.children();
      return EVERYONE.every((name) => children[name] && children[name].pid !== before[name]?.pid) && children;
    });
    expect(await eventually(() => withRedis(environment.REDIS_URL, (redis) => redis.get('kept')))).toBe(
      'yes',
    );
    await eventually(async () => (await fetch(`${environment.CHROMA_URL}/api/v2/heartbeat`)).ok);
    expect((await eventually(() => ask(environment.PROCESSOR_URL))).pid).toBe(after['processor']?.pid);
    expect((await eventually(() => ask(environment.KEYWORDS_URL))).pid).toBe(after['keywords']?.pid);
    expect((await eventually(() => ask(url))).pid).toBe(after['api+gateway']?.pid);
    expect(program.stdout.match(/Sluice is ready/g)).toHaveLength(1);

    expect(await program.stop()).toBe(0);
    expect(folder.survivors()).toEqual([]);
  });

  test('starts again a role that never ran, and still stops when asked', async () => {
    await using folder = new SupervisedFolder();
    const program = folder.start({ NODE_FIXTURE_EXIT: 'api:1' });
    await eventually(() => (program.stderr.match(/api\+gateway ended unexpectedly/g)?.length ?? 0) >= 3);
    folder.children();
    expect(program.stdout).toBe('');
    expect(await program.stop()).toBe(0);
    expect(folder.survivors()).toEqual([]);
  });

  test('stops during its start', async () => {
    await using folder = new SupervisedFolder();
    const program = folder.start();
    await eventually(() => folder.children()['redis']);
    expect(await program.stop()).toBe(0);
    expect(program.stdout).toBe('');
    expect(folder.survivors()).toEqual([]);
  });

  test('lets no process of a role outlive it', async () => {
    await using folder = new SupervisedFolder();
    const program = folder.start({ NODE_FIXTURE_SPAWN: 'api:yes' });
    const first = await ask(await program.ready());
    expect(isAlive(first.grandchild!)).toBe(true);
    process.kill(first.pid, 'SIGKILL');
    await eventually(() => !isAlive(first.grandchild!));
  });

  test('kills a role that does not stop', async () => {
    await using folder = new SupervisedFolder();
    const program = folder.start({ NODE_FIXTURE_STUBBORN: 'api:yes' });
    await program.ready();
    folder.children();
    const begin = performance.now();
    expect(await program.stop()).toBe(0);
    expect(performance.now() - begin).toBeLessThan(30_000);
    expect(folder.survivors()).toEqual([]);
  });

  test('uses the servers it is given instead of its own', async () => {
    await using other = new SupervisedFolder();
    const { environment } = await ask(await other.start().ready());
    await using folder = new SupervisedFolder();
    const given = {
      REDIS_URL: withoutCredentials(environment.REDIS_URL).replace('//', '//user:secret@'),
      CHROMA_URL: environment.CHROMA_URL,
      PROCESSOR_URL: environment.PROCESSOR_URL,
      KEYWORDS_URL: environment.KEYWORDS_URL,
    };
    const program = folder.start(given);
    expect((await ask(await program.ready())).environment).toMatchObject(given);
    await eventually(() => folder.children()['worker']);
    expect(Object.keys(folder.children()).sort()).toEqual(['api+gateway', 'worker']);
    expect(program.stdout.match(/\(external\)/g)).toHaveLength(4);
    expect(program.stdout).not.toContain('secret');
  });
});

describe('a start that cannot succeed', () => {
  test('says in one line that the port is in use', async () => {
    await using folder = new SupervisedFolder();
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const program = folder.start({ PORT: String(port) });
    expect(await program.exited).toBe(1);
    expect(program.stderr).toMatch(/^[^\n]*address already in use[^\n]*\n$/);
    expect(program.stderr).toContain(`127.0.0.1:${port}`);
    server.close();
  });

  test('stops everything when the api refuses its configuration', async () => {
    await using folder = new SupervisedFolder();
    const program = folder.start({ NODE_FIXTURE_EXIT: 'api:78' });
    await eventually(() => folder.children()['chroma']);
    expect(await program.exited).toBe(1);
    expect(program.stderr).toBe('api+gateway cannot run with this configuration.\n');
    expect(folder.survivors()).toEqual([]);
  });

  test('names redis-server when it is not installed', async () => {
    await using folder = new SupervisedFolder();
    const program = folder.start({ PATH: '/nowhere' });
    expect(await program.exited).toBe(1);
    expect(program.stderr).toContain('redis-server is not installed: run `npm run setup`.');
  });
});

describe('the lock on a data folder', () => {
  test('refuses a second supervisor, also in a race, and names the first', async () => {
    await using folder = new SupervisedFolder();
    const racers = [folder.start(), folder.start(), folder.start()];
    const winner = await Promise.any(racers.map((racer) => racer.ready().then(() => racer)));
    const losers = racers.filter((racer) => racer !== winner);
    expect(await Promise.all(losers.map((loser) => loser.exited))).toEqual([1, 1]);

    const late = folder.start();
    expect(await late.exited).toBe(1);
    expect(late.stderr).toBe(
      `Another Sluice (pid ${winner.pid}) runs on ${folder.path}: stop it first, or set another DATA_DIR.\n`,
    );
  });

  test('lets the next start clear what a killed supervisor left, and keeps the data', async () => {
    await using folder = new SupervisedFolder();
    const killed = folder.start();
    const { environment } = await ask(await killed.ready());
    await withRedis(environment.REDIS_URL, (redis) => redis.set('kept', 'yes'));
    const before = await eventually(() => folder.children()['worker'] && folder.children());
    killed.process.kill('SIGKILL');
    await killed.exited;

    const survivors = () => folder.survivors().map(({ name }) => name);
    await expect.poll(() => survivors().sort(), { timeout: 30_000 }).toEqual(['chroma', 'redis']);

    const next = folder.start();
    const response = await ask(await next.ready());
    for (const { pid } of Object.values(before)) expect(isAlive(pid)).toBe(false);
    expect(await withRedis(response.environment.REDIS_URL, (redis) => redis.get('kept'))).toBe('yes');
    expect(await next.stop()).toBe(0);
    expect(folder.survivors()).toEqual([]);
  });

  test('never touches a process that was given a recorded pid later', async () => {
    await using folder = new SupervisedFolder();
    const bystander = spawn('sleep', ['600'], { stdio: 'ignore', detached: true });
    try {
      const record = { kind: 'server', name: 'redis', pid: bystander.pid, identity: 'another life' };
      writeFileSync(join(folder.path, 'sluice.lock'), JSON.stringify({ pid: 1, children: [record] }));
      await folder.start().ready();
      expect(isAlive(bystander.pid!)).toBe(true);
    } finally {
      bystander.kill('SIGKILL');
    }
  });
});
