import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { parse } from 'yaml';

import { isTerminal, type Job } from '../../../src/contract/job.ts';
import { loadConfig, parseRoles } from '../../../src/config.ts';
import { nodeFlags } from '../../../src/embedded/node-flags.ts';
import { choosePorts } from '../../../src/embedded/servers/ports.ts';
import { bearer, makeKey } from '../../helpers/clients/api-keys.ts';
import { eventually } from '../../helpers/servers/supervised.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const OURS = ['api', 'gateway', 'worker', 'processor', 'keywords'] as const;
const BACKENDS = ['redis', 'chroma'] as const;
const ALL = [...OURS, ...BACKENDS];

interface ComposeService {
  user: string;
  restart: string;
  command: string[];
  environment?: Record<string, string>;
  healthcheck: { test: string[] };
  depends_on?: Record<string, { condition: string }>;
  volumes?: string[];
  ports?: string[];
  container_name?: string;
}

const key = makeKey('compose', ['admin']);
/** As compose reads it where the variables that it demands are set. */
const file = readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8')
  .replaceAll(/\$\{\w+:-([^}]*)\}/g, '$1')
  .replaceAll(/\$\{API_KEYS:\?[^}]*\}/g, JSON.stringify([key.entry]))
  .replaceAll(/\$\{(PROCESSOR|KEYWORDS)_SECRET:\?[^}]*\}/g, 'the-secret-of-the-$1');
const compose = parse(file, { merge: true }) as {
  services: Record<(typeof ALL)[number], ComposeService>;
  volumes: Record<string, unknown>;
};
const { services } = compose;

/** Runs a service's own health check against a port until it passes. It waits for the port first, because each check is a process. */
async function isHealthy(name: (typeof OURS)[number], port: number): Promise<boolean> {
  await eventually(async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).status !== 503, 45_000);
  const [, command = '', ...args] = services[name].healthcheck.test;
  const localArgs = args.map((arg) => arg.replace('127.0.0.1:8080', `127.0.0.1:${port}`));
  return eventually(() => promisify(execFile)(command, localArgs).then(() => true), 45_000);
}

describe('docker-compose.yml', () => {
  test('has every role, Redis and Chroma, each watched, restarted and without root', () => {
    expect(Object.keys(services).sort()).toEqual([...ALL].sort());
    for (const name of ALL) {
      const service = services[name];
      expect(service.restart, name).toBe('unless-stopped');
      expect(service.user, name).not.toMatch(/^(root|0)?(:|$)/);
      expect(service.healthcheck.test.length, name).toBeGreaterThan(1);
      expect(service.container_name, name).toBeUndefined();
    }
  });

  test('gives every role a command and an environment that the program accepts', () => {
    for (const name of OURS) {
      expect(parseRoles(services[name].command)).toEqual([name]);
      expect(() => loadConfig(services[name].environment)).not.toThrow();
    }
    expect(loadConfig(services.gateway.environment).allowedOrigins).toEqual(
      expect.arrayContaining(['http://localhost:8080', 'http://127.0.0.1:8080']),
    );
  });

  test('lets every role accept the host name that the others use', () => {
    for (const name of OURS) expect(loadConfig(services[name].environment).allowedHosts).toEqual([name]);
  });

  test('starts every role with the flags that a start without a role gives it', () => {
    for (const name of OURS) {
      expect(services[name].environment?.['NODE_OPTIONS'] ?? '', name).toBe(nodeFlags([name]).join(' '));
    }
  });

  test('starts nothing before what it depends on is well', () => {
    const healthy = { condition: 'service_healthy' };
    expect(services.api.depends_on).toEqual({ redis: healthy, chroma: healthy });
    expect(services.gateway.depends_on).toEqual({ redis: healthy });
    expect(services.worker.depends_on).toEqual({
      redis: healthy,
      chroma: healthy,
      processor: healthy,
      keywords: healthy,
    });
  });

  test('keeps data in named volumes; api and worker share the blobs', () => {
    const mounted = ALL.flatMap((name) => services[name].volumes ?? []).map((mount) => mount.split(':')[0]);
    expect(new Set(mounted)).toEqual(new Set(Object.keys(compose.volumes)));
    for (const name of ['api', 'worker'] as const) {
      expect(services[name].volumes).toContain(`blobs:${services[name].environment?.['BLOB_STORE']}`);
    }
  });

  test('gives a service and its callers one secret', () => {
    for (const name of ['api', 'worker', 'processor'] as const)
      expect(loadConfig(services[name].environment).processorSecret).toBe('the-secret-of-the-PROCESSOR');
    for (const name of ['api', 'worker', 'keywords'] as const)
      expect(loadConfig(services[name].environment).keywordsSecret).toBe('the-secret-of-the-KEYWORDS');
    expect(services.processor.environment).not.toHaveProperty('KEYWORDS_SECRET');
    expect(services.keywords.environment).not.toHaveProperty('PROCESSOR_SECRET');
    for (const name of ['PROCESSOR_SECRET', 'KEYWORDS_SECRET'])
      expect(services.gateway.environment).not.toHaveProperty(name);
  });

  test('publishes to this machine only, and leaves workers free to multiply', () => {
    expect(services.api.ports).toEqual(['127.0.0.1:8080:8080']);
    expect(services.gateway.ports).toEqual(['127.0.0.1:8081:8080']);
    for (const name of ['worker', 'processor', 'keywords', 'redis', 'chroma'] as const) {
      expect(services[name].ports).toBeUndefined();
    }
  });
});

/**
 * The same topology without containers: each service's own command, environment and health check, with host
 * names turned into loopback ports and volumes into temporary folders; and two workers.
 */
describe('the composed services', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-compose-'));
  const children: ChildProcess[] = [];
  let ports: Record<(typeof ALL)[number] | 'worker2', number>;

  const local = (text: string) =>
    text.replaceAll(
      /\/\/(redis|chroma|processor|keywords):\d+/g,
      (_, name: 'redis') => `//127.0.0.1:${ports[name]}`,
    );

  const run = (command: string, args: string[], env: Record<string, string> = {}) => {
    const { PATH, NODE_COMPILE_CACHE } = process.env;
    const child = spawn(command, args, {
      env: { PATH, NODE_COMPILE_CACHE, ...env },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    children.push(child);
  };

  const runRole = (name: (typeof OURS)[number], port: number) => {
    const environment = Object.entries(services[name].environment ?? {}).map(([key, value]) => [
      key,
      key === 'BLOB_STORE' ? join(folder, 'blobs') : local(value),
    ]);
    run(process.execPath, [join(ROOT, 'src/main.ts'), ...services[name].command], {
      ...(Object.fromEntries(environment) as Record<string, string>),
      HOST: '127.0.0.1',
      PORT: String(port),
      DATA_DIR: join(folder, `data-${port}`),
      PROCESSOR_CHILDREN: '1',
    });
  };

  beforeAll(async () => {
    ports = await choosePorts(undefined, [...ALL, 'worker2']);
    for (const name of BACKENDS) mkdirSync(join(folder, name));
    const [redis = '', ...redisArgs] = services.redis.command.map((arg) =>
      arg === '/data' ? join(folder, 'redis') : arg,
    );
    run(redis, [...redisArgs, '--bind', '127.0.0.1', '--port', String(ports.redis)]);
    const chromaArgs = services.chroma.command.map(
      (arg) =>
        ({ '/data': join(folder, 'chroma'), '0.0.0.0': '127.0.0.1', '8000': String(ports.chroma) })[arg] ??
        arg,
    );
    run(process.execPath, [join(ROOT, 'node_modules/chromadb/dist/cli.mjs'), ...chromaArgs]);
    for (const name of OURS) runRole(name, ports[name]);
    runRole('worker', ports.worker2);
    await Promise.all([
      ...OURS.map((name) => isHealthy(name, ports[name])),
      isHealthy('worker', ports.worker2),
    ]);
  });

  afterAll(async () => {
    const running = children.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null);
    for (const child of running) child.kill('SIGTERM');
    const exits = Promise.all(running.map((child) => once(child, 'exit')));
    const timer = setTimeout(() => running.forEach((child) => child.kill('SIGKILL')), 15_000);
    await exits;
    clearTimeout(timer);
    rmSync(folder, { recursive: true, force: true });
  });

  const upload = async (): Promise<string> => {
    const form = new FormData();
    form.set('file', new File(['The sluice opens, and the water runs.\n'], 'sluice.txt'));
    form.set('collection', 'composed');
    const url = `http://127.0.0.1:${ports.api}/api/documents/upload`;
    const response = await fetch(url, { method: 'POST', body: form, headers: bearer(key.token) });
    expect(response.status).toBe(202);
    return ((await response.json()) as { job_id: string }).job_id;
  };

  test('process an upload to its end', async () => {
    const id = await upload();
    const job = await eventually(async () => {
      const response = await fetch(`http://127.0.0.1:${ports.api}/api/jobs/${id}`, {
        headers: bearer(key.token),
      });
      const job = (await response.json()) as Job;
      return isTerminal(job.status) && job;
    }, 45_000);
    expect(job).toMatchObject({ id, status: 'completed', progress: 100 });
  });

  test('refuse strangers', async () => {
    for (const name of ['api', 'gateway', 'worker'] as const)
      expect((await fetch(`http://127.0.0.1:${ports[name]}/metrics`)).status).toBe(401);
    expect((await fetch(`http://127.0.0.1:${ports.api}/api/jobs`)).status).toBe(401);
    const socket = new WebSocket(`ws://127.0.0.1:${ports.gateway}/ws`, { headers: bearer('x') });
    expect((await once(socket, 'close'))[0]).toBe(4401);
  });

  test("show a job's end over the gateway, to the page's origin only", async () => {
    const id = await upload();
    const url = `ws://127.0.0.1:${ports.gateway}/ws?job=${id}`;
    const jobs: Job[] = [];
    const headers = bearer(key.token);
    const socket = new WebSocket(url, 'sluice.v2', { origin: 'http://localhost:8080', headers });
    socket.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString()) as { jobs?: Job[] };
      jobs.push(...(message.jobs ?? []));
    });
    const [code] = (await once(socket, 'close')) as [number];
    expect(code).toBe(1000);
    expect(jobs.at(-1)).toMatchObject({ id, status: 'completed' });

    const stranger = new WebSocket(url, 'sluice.v2', { origin: 'http://elsewhere.example' });
    const refused = await Promise.race([
      once(stranger, 'error').then(() => true),
      once(stranger, 'close').then(([code]) => code === 4403),
    ]);
    expect(refused).toBe(true);
  });
});
