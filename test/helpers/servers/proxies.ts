import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { Agent, fetch } from 'undici';

import type { Certificates } from '../faults/certificates.ts';
import { eventually } from './supervised.ts';

const DEPLOY = resolve(import.meta.dirname, '../../../deploy');
const NAME = 'sluice.example.com';

export type ProxyKind = 'nginx' | 'caddy' | 'haproxy';

const FILES: Record<ProxyKind, string> = { nginx: 'nginx.conf', caddy: 'Caddyfile', haproxy: 'haproxy.cfg' };

/** Adapts each file to a test: it writes only to the test's folder, and opens only the test's port. */
const ADAPT: Record<ProxyKind, (text: string, folder: string) => string> = {
  nginx: (text, folder) =>
    text.replace('http {', `http {\n  access_log off;\n  client_body_temp_path ${folder}/body;\n`),
  caddy: (text) => `{\n\tadmin off\n\tauto_https disable_redirects\n}\n${text}`,
  haproxy: (text) => text,
};

const COMMANDS: Record<ProxyKind, (file: string, folder: string) => string[]> = {
  nginx: (file, folder) => {
    const globals = `daemon off; master_process off; pid ${folder}/pid; error_log stderr;`;
    return ['nginx', '-p', folder, '-e', 'stderr', '-c', file, '-g', globals];
  },
  caddy: (file) => ['caddy', 'run', '--config', file, '--adapter', 'caddyfile'],
  haproxy: (file) => ['haproxy', '-db', '-f', file],
};

export interface Proxy {
  /** The address that browsers see, with a slash at its end. */
  url: string;
  close(): Promise<void>;
}

/** Options of a proxy with a configuration of `deploy/`. */
export interface ProxyOptions {
  /** Port of Sluice. */
  upstream: number;
  tls: Certificates;
  /** Replaces the idle limits, in seconds. */
  idleSeconds: number;
  port: number;
  /** Changes the text once more. */
  edit?: (text: string) => string;
}

/** Runs a proxy with a file of `deploy/`, on another port, with other certificates and shorter idle limits. */
export async function startProxy(kind: ProxyKind, options: ProxyOptions): Promise<Proxy> {
  const { upstream, tls, idleSeconds, port, edit = (text) => text } = options;
  const folder = await mkdtemp(join(tmpdir(), `sluice-${kind}-`));
  const pem = join(folder, 'sluice.pem');
  await writeFile(pem, (await readFile(tls.certificate, 'utf8')) + (await readFile(tls.key, 'utf8')));
  const original = await readFile(join(DEPLOY, FILES[kind]), 'utf8');
  const text = original
    .replaceAll('/etc/ssl/sluice.crt', tls.certificate)
    .replaceAll('/etc/ssl/sluice.key', tls.key)
    .replaceAll('/etc/ssl/sluice.pem', pem)
    .replaceAll('127.0.0.1:8080', `127.0.0.1:${upstream}`)
    .replaceAll(NAME, 'localhost')
    .replaceAll(/\b443\b/g, String(port))
    .replaceAll(/\b20s\b/g, `${idleSeconds}s`);
  const file = join(folder, FILES[kind]);
  await writeFile(file, edit(ADAPT[kind](text, folder)));
  const [command = '', ...args] = COMMANDS[kind](file, folder);
  const child = spawn(command, args, {
    // Debian keeps servers in /usr/sbin, which a user's PATH lacks.
    env: { PATH: `${process.env['PATH']}${delimiter}/usr/sbin`, HOME: folder, XDG_DATA_HOME: folder },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (data: Buffer) => (said += data.toString()));
  const ended = once(child, 'exit');
  const url = `https://localhost:${port}/sluice/`;
  const dispatcher = await trusting(tls);
  await eventually(async () => {
    if (child.exitCode !== null) throw new Error(`${kind} ended: ${said}`);
    return (await fetch(`${url}healthz`, { dispatcher })).status < 500;
  });
  await dispatcher.close();
  return {
    url,
    async close() {
      child.kill('SIGKILL');
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Makes an agent for calls to a proxy with the test's certificates. */
export async function trusting(tls: Certificates): Promise<Agent> {
  return new Agent({ connect: { ca: await readFile(tls.authority, 'utf8') } });
}
