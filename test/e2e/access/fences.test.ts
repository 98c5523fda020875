import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { expect, test } from 'vitest';

import { findFence } from '../../../src/processor/pool/child-fence.ts';
import { withoutCredentials } from '../../../src/logging/without-credentials.ts';
import { startSluice } from '../../helpers/servers/sluice.ts';
import { eventually } from '../../helpers/servers/supervised.ts';
import { useEmbeddings, useSluice } from '../../helpers/servers/use.ts';

/** Values that no process may have but those that need them. */
const SECRETS = {
  EMBEDDINGS_API_KEY: 'key-of-the-embedder',
  AWS_SECRET_ACCESS_KEY: 'key-of-another-program',
  NODE_AUTH_TOKEN: 'token-of-npm',
  // Nothing listens there: a call to a server of this machine must not take the proxy.
  HTTP_PROXY: 'http://user:password-of-the-proxy@127.0.0.1:9',
};
const NAMES = {
  'api+gateway': /main\.ts\0api\0gateway/,
  worker: /main\.ts\0worker/,
  processor: /main\.ts\0processor/,
  keywords: /main\.ts\0keywords/,
  child: /processor\/child\.ts/,
  redis: /^redis-server/,
  chroma: /cli\.mjs\0run/,
};

const embedder = useEmbeddings();
const sluice = useSluice(() => ({
  env: { ...SECRETS, NODE_USE_ENV_PROXY: '1', EMBEDDINGS_URL: embedder.url, TZ: 'UTC' },
}));

interface RunningProcess {
  pid: number;
  args: string;
  environment: Record<string, string>;
}

/** Reads all processes of the program, with those that are children of children. */
function processes(): RunningProcess[] {
  const found: RunningProcess[] = [];
  const visit = (pid: number) => {
    const [args, environment] = ['cmdline', 'environ'].map((name) =>
      readFileSync(`/proc/${pid}/${name}`, 'utf8'),
    );
    const variables = environment!.split('\0').filter(Boolean);
    found.push({
      pid,
      args: args!,
      environment: Object.fromEntries(variables.map((text) => text.split(/=(.*)/s).slice(0, 2))),
    });
    for (const task of readdirSync(`/proc/${pid}/task`)) {
      const children = readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean);
      children.map(Number).forEach(visit);
    }
  };
  visit(sluice.pid);
  return found;
}

/** Waits until each kind of process runs. */
function named(): Promise<Record<keyof typeof NAMES, RunningProcess>> {
  return eventually(() => {
    const all = processes();
    const entries = Object.entries(NAMES).map(([name, args]) => [
      name,
      all.find((one) => args.test(one.args)),
    ]);
    return entries.every(([, one]) => one !== undefined) && Object.fromEntries(entries);
  });
}

test('a process has the settings and secrets that it needs, and no others', async () => {
  const all = await named();
  const have = (secret: string) =>
    Object.entries(all)
      .filter(([, { environment }]) => Object.values(environment).some((value) => value.includes(secret)))
      .map(([name]) => name)
      .sort();
  const redis = new URL(sluice.redisUrl).password;
  expect(redis).toHaveLength(43);
  expect(have(SECRETS.EMBEDDINGS_API_KEY)).toEqual(['processor']);
  expect(have(SECRETS.AWS_SECRET_ACCESS_KEY)).toEqual([]);
  expect(have(SECRETS.NODE_AUTH_TOKEN)).toEqual([]);
  expect(have(SECRETS.HTTP_PROXY)).toEqual(['api+gateway', 'processor', 'worker']);
  expect(have(redis)).toEqual(['api+gateway', 'worker']);
  expect(have(all.processor.environment['PROCESSOR_SECRET']!)).toEqual([
    'api+gateway',
    'processor',
    'worker',
  ]);
  expect(have(all.keywords.environment['KEYWORDS_SECRET']!)).toEqual(['api+gateway', 'keywords', 'worker']);

  for (const name of Object.keys(all.child.environment)) expect(name).toMatch(/^(PWD|NODE_CHANNEL_\w+)$/);
  const ofServers = { ...all.redis.environment, ...all.chroma.environment };
  for (const name of Object.keys(ofServers))
    expect(name).toMatch(
      /^(PATH|HOME|TZ|TMPDIR|LANG|LC_\w+|NODE_\w+|TERM|NO_COLOR|FORCE_COLOR|LD_\w+|SSL_\w+)$/,
    );
  // Redis writes its title over its environment.
  for (const name of ['api+gateway', 'worker', 'processor', 'keywords', 'chroma'] as const) {
    expect(all[name].environment).toMatchObject({ PATH: process.env['PATH'], TZ: 'UTC' });
  }
  expect(all.worker.environment).not.toHaveProperty('EMBEDDINGS_URL');
  expect(all.processor.environment).not.toHaveProperty('CHROMA_URL');
});

test("a parsers' child has no network, no descriptor of its parent, and cannot read its parent's secrets", async () => {
  const { child, processor } = await named();
  const links = (pid: number) =>
    readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return [readlinkSync(`/proc/${pid}/fd/${fd}`)];
      } catch {
        // It has just been closed.
        return [];
      }
    });
  // A shell may pass descriptors of its own to all that it starts.
  const foreign = links(process.pid);
  const ofParent = links(processor.pid).filter(
    (link) => /^(pipe|socket):/.test(link) && !foreign.includes(link),
  );
  expect(links(child.pid).filter((link) => ofParent.includes(link))).toEqual([]);
  for (const link of links(child.pid).filter((one) => !foreign.includes(one)))
    expect(link).toMatch(/^(\/dev\/null$|(pipe|socket|anon_inode):)/);
  expect(child.args).toContain('\0--permission\0');

  const allowed = spawnSync('unshare', ['--user', '--net', 'true']).status === 0;
  // Whatever runs behind the same fence cannot see the secrets of the processor.
  const { command } = await findFence(tmpdir());
  const [program, ...args] = [...command, 'cat', `/proc/${processor.pid}/environ`];
  expect(spawnSync(program, args).stdout.toString()).toMatch(allowed ? /^$/ : /PROCESSOR_SECRET/);
  const namespaces = (pid: number) => ['user', 'net'].map((name) => readlinkSync(`/proc/${pid}/ns/${name}`));
  const shared = namespaces(child.pid).filter((name) => namespaces(processor.pid).includes(name));
  expect(shared).toHaveLength(allowed ? 0 : 2);
  expect(sluice.output()).toMatch(
    allowed ? /"network":"none".*parsers have their own/ : /"network":"as this process"/,
  );
});

test('no argument and no line of the log holds a secret', async () => {
  const all = await named();
  const secrets = [
    ...Object.values(SECRETS),
    new URL(sluice.redisUrl).password,
    all.processor.environment['PROCESSOR_SECRET']!,
    all.keywords.environment['KEYWORDS_SECRET']!,
  ];
  for (const secret of secrets) {
    for (const { args } of processes()) expect(args).not.toContain(secret);
    expect(sluice.output()).not.toContain(secret);
  }
});

test('Redis asks for a password, which the command of the banner finds, also after a kill', async () => {
  const open = new Redis(withoutCredentials(sluice.redisUrl), {
    lazyConnect: true,
    retryStrategy: null,
  });
  open.on('error', () => {});
  await expect(open.get('anything')).rejects.toThrow(/NOAUTH/);
  open.disconnect();

  const command = /redis-cli\s+(REDISCLI_AUTH=.*)/.exec(sluice.output())![1]!;
  const ping = () =>
    execFileSync('sh', ['-c', `${command} ping`])
      .toString()
      .trim();
  expect(ping()).toBe('PONG');
  const { redis } = await named();
  process.kill(redis.pid, 'SIGKILL');
  await eventually(async () => (await named()).redis.pid !== redis.pid && ping() === 'PONG');
  const { job_id } = await sluice.upload(new File(['After the kill.'], 'after.txt'));
  // Its calls to Chroma, processor and embedder take no proxy.
  expect((await sluice.ended(job_id)).status).toBe('completed');
});

test('the processor refuses calls without its secret', async () => {
  const url = /processor\s+(http\S+)/.exec(sluice.output())![1]!;
  const parse = async (headers: Record<string, string>) => {
    const body = new FormData();
    body.append('file', new File(['Text.'], 'a.txt'));
    const response = await fetch(`${url}/parse`, { method: 'POST', headers, body });
    return [response.status, ((await response.json()) as { code?: string }).code];
  };
  expect(await parse({})).toEqual([401, 'wrong_secret']);
  expect(await parse({ authorization: 'Bearer guessed' })).toEqual([401, 'wrong_secret']);
  expect((await sluice.parse(new File(['Text.'], 'a.txt'))).text).toContain('Text.');
});

test('the keyword index refuses calls without its secret', async () => {
  const url = /keywords\s+(http\S+)/.exec(sluice.output())![1]!;
  for (const headers of [{}, { authorization: 'Bearer guessed' }]) {
    const response = await fetch(`${url}/collections`, { headers });
    expect([response.status, await response.json()]).toEqual([
      401,
      expect.objectContaining({ code: 'wrong_secret' }),
    ]);
  }
});

test('Chroma listens at random, and at no usual address', async () => {
  const { hostname, port } = new URL(sluice.chromaUrl);
  expect(hostname).toMatch(/^127\.\d+\.\d+\.\d+$/);
  expect(hostname).not.toBe('127.0.0.1');
  await expect(fetch(`http://127.0.0.1:${port}/api/v2/heartbeat`)).rejects.toThrow('fetch failed');
});

/** Lists all files below a folder that a group or other users may use in any way. */
function openFiles(folder: string): string[] {
  return (
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .concat('.')
      .map((name) => join(folder, name))
      // The processor may delete its file meanwhile.
      .filter((path) => ((lstatSync(path, { throwIfNoEntry: false })?.mode ?? 0) & 0o077) !== 0)
  );
}

test('other users cannot read files, and a start takes them those of an older version', async () => {
  const { job_id } = await sluice.upload(new File(['A private text.'], 'private.txt'));
  expect(openFiles(sluice.dataDir)).toEqual([]);
  await sluice.stop();
  const original = join(sluice.dataDir, 'blobs/default', job_id);
  for (const name of readdirSync(sluice.dataDir, { recursive: true, encoding: 'utf8' })) {
    const path = join(sluice.dataDir, name);
    chmodSync(path, lstatSync(path).isDirectory() ? 0o755 : 0o644);
  }
  chmodSync(sluice.dataDir, 0o755);
  expect(openFiles(sluice.dataDir)).toContain(original);
  const env = { HOST: '[::1]', EMBEDDINGS_URL: embedder.url };
  const again = await startSluice({ dataDir: sluice.dataDir, env });
  try {
    expect(openFiles(sluice.dataDir)).toEqual([]);
    // An IPv6 address is loopback in a URL's brackets, too.
    expect(new URL(again.url).hostname).toBe('[::1]');
    expect(await again.job(job_id)).toMatchObject({ id: job_id });
  } finally {
    await again.stop();
  }
});
