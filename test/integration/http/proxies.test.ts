import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { fetch, FormData } from 'undici';
import { beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';

import type { Job } from '../../../src/contract/job.ts';
import type { ServerMessage } from '../../../src/contract/messages.ts';
import type { UploadAccepted } from '../../../src/contract/upload.ts';
import { createTestPage } from '../../e2e/client/test-page.ts';
import { useBrowser } from '../../e2e/client/use-page.ts';
import { makeCertificates } from '../../helpers/faults/certificates.ts';
import { startProxy, trusting, type ProxyKind } from '../../helpers/servers/proxies.ts';
import { freePort } from '../../helpers/servers/redis.ts';
import { untilReady } from '../../helpers/servers/roles.ts';
import { use, useRedis, useRoles } from '../../helpers/servers/use.ts';

/** In the proportion of deploy/: the server speaks more often than a proxy takes for idle. */
const HEARTBEAT_MS = 1000;
const IDLE_SECONDS = 5;
/** Longer than a proxy's idle limit. */
const SILENT_MS = IDLE_SECONDS * 1000 + 2000;
/** The name that nginx sends as Host where nothing else is said. */
const UPSTREAM = 'sluice_upstream';
const KINDS: ProxyKind[] = ['nginx', 'caddy', 'haproxy'];

const browser = useBrowser();
const tls = use(makeCertificates);
const dispatcher = use(() => trusting(tls));
const redis = useRedis();
/** Its address is the server's public one, so its port is chosen first. */
const plainPort = await freePort();
const roles = useRoles(['api', 'gateway'], () => ({
  REDIS_URL: redis.url,
  HEARTBEAT_MS: String(HEARTBEAT_MS),
  PUBLIC_URL: `https://localhost:${plainPort}/sluice/`,
  ALLOWED_HOSTS: UPSTREAM,
  MIN_FREE_BYTES: '0',
}));
beforeAll(() => untilReady(roles.url));

const shared = () => ({ upstream: Number(new URL(roles.url).port), tls, idleSeconds: IDLE_SECONDS });
const useProxy = (kind: ProxyKind) =>
  use(async () => startProxy(kind, { ...shared(), port: await freePort() }));
const proxies = { nginx: useProxy('nginx'), caddy: useProxy('caddy'), haproxy: useProxy('haproxy') };
const plain = use(() => startProxy('nginx', { ...shared(), port: plainPort, edit: withoutHeaders }));

/** A location as somebody writes it in a hurry. */
function withoutHeaders(config: string): string {
  const upstream = `upstream ${UPSTREAM} { server 127.0.0.1:${new URL(roles.url).port}; }`;
  return config
    .replaceAll(/^ *proxy_set_header .*\n/gm, '')
    .replace(/proxy_pass http:\/\/[^/]+\//, `proxy_pass http://${UPSTREAM}/`)
    .replace('http {', `http {\n  ${upstream}`);
}

async function upload(url: string, headers: Record<string, string> = {}) {
  const body = new FormData();
  body.append('file', new Blob(['words']), 'a.txt');
  return fetch(`${url}api/documents/upload`, { method: 'POST', body, headers, dispatcher });
}

async function newJob(url: string): Promise<string> {
  const response = await upload(url);
  expect(response.status).toBe(202);
  return ((await response.json()) as UploadAccepted).job_id;
}

/** Ends a job, as no worker will, past the proxies. */
async function cancel(id: string): Promise<void> {
  expect((await fetch(`${roles.url}/api/jobs/${id}/cancel`, { method: 'POST' })).status).toBe(200);
}

/** Uploads a byte a second, for longer than a proxy's idle limit. */
function uploadSlowly(url: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const { hostname, port, pathname } = new URL(`${url}api/documents/upload`);
    const headers = { 'content-type': 'multipart/form-data; boundary=b', 'transfer-encoding': 'chunked' };
    const ca = readFileSync(tls.authority);
    const asked = request({ hostname, port, path: pathname, method: 'POST', ca, headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    asked.once('error', reject);
    const send = async () => {
      asked.write('--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n');
      for (let sent = 0; sent < SILENT_MS; sent += 1000) {
        asked.write('x');
        await sleep(1000);
      }
      asked.end('\r\n--b--\r\n');
    };
    send().catch(reject);
  });
}

describe.each(KINDS)('%s with the file of deploy/', { concurrent: true }, (kind) => {
  test('serves page, api and redirect below its prefix', async () => {
    const { url } = proxies[kind];
    const bare = await fetch(url.slice(0, -1), { redirect: 'manual', dispatcher });
    expect(bare.status).toBe(308);
    expect(new URL(bare.headers.get('location') ?? '', url).href).toBe(url);

    const html = await (await fetch(url, { dispatcher })).text();
    const links = [...html.matchAll(/ (?:src|href)="([^"]+)"/g)].map(([, link]) => link ?? '');
    expect(links.length).toBeGreaterThan(3);
    for (const link of links)
      expect((await fetch(new URL(link, url), { dispatcher })).status, link).toBe(200);

    const accepted = await upload(url, { origin: new URL(url).origin });
    expect(accepted.status).toBe(202);
    const location = accepted.headers.get('location') ?? '';
    expect(location).toMatch(/^\/sluice\/api\/jobs\//);
    expect((await fetch(new URL(location, url), { dispatcher })).status).toBe(200);
  });

  test('a WebSocket and an event stream outlive its idle limit, and nothing is held back', async () => {
    const { url } = proxies[kind];
    const id = await newJob(url);
    const socket = new WebSocket(`${url.replace('https', 'wss')}ws?job=${id}`, {
      ca: readFileSync(tls.authority),
      origin: new URL(url).origin,
    });
    const heard: ServerMessage[] = [];
    socket.on('message', (data: Buffer) => heard.push(JSON.parse(data.toString()) as ServerMessage));
    const closed = new Promise<number>((resolve) => socket.once('close', resolve));
    const stream = await fetch(`${url}api/jobs/${id}/events`, { dispatcher });
    const states: Job[] = [];
    const ended = (async () => {
      for await (const bytes of stream.body ?? []) {
        const [, json] = /^data: (.*)$/m.exec(Buffer.from(bytes as Uint8Array).toString()) ?? [];
        if (json !== undefined) states.push(JSON.parse(json) as Job);
      }
    })();

    await expect.poll(() => heard.some(({ type }) => type === 'snapshot')).toBe(true);
    // The first state has come although the stream goes on.
    await expect.poll(() => states.length).toBe(1);
    await sleep(SILENT_MS);
    expect(socket.readyState).toBe(WebSocket.OPEN);
    await cancel(id);
    expect(await closed).toBe(1000);
    await ended;
    expect(states.map(({ status }) => status)).toEqual(['queued', 'failed']);
    expect(heard.at(-1)).toMatchObject({ type: 'update', jobs: [{ status: 'failed' }] });
  });

  test('a long poll ends before its idle limit', async () => {
    const { url } = proxies[kind];
    const job = `${url}api/jobs/${await newJob(url)}`;
    const etag = (await fetch(job, { dispatcher })).headers.get('etag') ?? '';
    const polled = await fetch(`${job}?wait=55`, { headers: { 'if-none-match': etag }, dispatcher });
    expect(polled.status).toBe(304);
  });

  test('an upload may take longer than its idle limit', async () => {
    expect(await uploadSlowly(proxies[kind].url)).toBe(202);
  });

  test('/ws without an upgrade says what is missing', async () => {
    const response = await fetch(`${proxies[kind].url}ws`, { dispatcher });
    expect(response.status).toBe(426);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(await response.json()).toMatchObject({ code: 'upgrade_required', status: 426 });
  });
});

test('a plain location of nginx, without Host and Upgrade, takes uploads of the page and names what is missing', async () => {
  const { origin } = new URL(plain.url);
  expect((await upload(plain.url, { origin })).status).toBe(202);
  const refused = await upload(plain.url, { origin: 'https://elsewhere.example' });
  expect(refused.status).toBe(403);
  const upgrade = fetch(`${plain.url}ws`, { dispatcher });
  expect(await (await upgrade).json()).toMatchObject({ code: 'upgrade_required' });
});

test('the page works behind a prefix: it is live, and shows an upload', async () => {
  const user = await createTestPage(browser, { ignoreHTTPSErrors: true });
  await user.page.goto(proxies.nginx.url);
  await user.mode('live').waitFor();
  await user.choose('readme.md');
  await user.row('readme.md', 'queued').waitFor();
  expect(user.complaints).toEqual([]);
});
