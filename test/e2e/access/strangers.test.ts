import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';

import { startTestProcessor } from '../../helpers/processors/processor.ts';
import { rawRequest } from '../../helpers/clients/raw-request.ts';
import { eventually } from '../../helpers/servers/supervised.ts';
import { useBrowser } from '../client/use-page.ts';
import { use, useRedis, useRoles } from '../../helpers/servers/use.ts';

/** The page of a stranger: what it tries is up to the test. */
const foreign = use(async () => {
  const server = createServer((_, response) =>
    response.setHeader('content-type', 'text/html').end('<h1>Stranger</h1>'),
  );
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return server;
});

/** The newest browsers keep some pages from loopback by themselves. The server must not count on it. */
const OLD_BROWSER = '--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests';

const browser = useBrowser('--host-resolver-rules=MAP *.test 127.0.0.1', OLD_BROWSER);
const redis = useRedis();
const env = () => ({ REDIS_URL: redis.url });
const node = useRoles(['api', 'gateway'], env);
const worker = useRoles(['worker'], env);
const keywords = useRoles(['keywords'], {});
const processor = use(() => startTestProcessor());
beforeAll(async () => {
  await eventually(async () => (await fetch(`${processor.url}/health`)).ok);
});

/** Each port of ours, with an address that it serves. */
const PORTS: [string, string, () => string][] = [
  ['api', '/api/jobs', () => node.url],
  ['gateway', '/ws', () => node.url],
  ['worker', '/healthz', () => worker.url],
  ['processor', '/health', () => processor.url],
  ['keywords', '/health', () => keywords.url],
];

describe.each(PORTS)('%s', (_, path, at) => {
  /** @param head more header lines */
  const ask = (head: string, line = `GET ${path} HTTP/1.1`) => {
    const upgrade =
      path === '/ws'
        ? 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n'
        : 'Connection: close\r\n';
    return rawRequest(at(), `${line}\r\n${head}${upgrade}\r\n`);
  };

  test.each(['Host: evil.test\r\n', 'Host: 10.1.2.3:80\r\n', 'Host: localhost.evil.test\r\n'])(
    'refuses %j with a Problem',
    async (head) => {
      const { status, text } = await ask(head);
      expect(status).toBe(403);
      expect(text).toContain('application/problem+json');
      expect(text).toContain('"code":"host_forbidden"');
    },
  );

  test('refuses a request that names no host, or two', async () => {
    expect((await ask('', `GET ${path} HTTP/1.0`)).status).toBe(403);
    // Node itself refuses one that is no upgrade.
    expect((await ask('')).status).toBe(path === '/ws' ? 403 : 400);
    expect((await ask('Host: localhost\r\n', `GET http://evil.test${path} HTTP/1.1`)).status).toBe(403);
  });

  test('accepts loopback names', async () => {
    if (path === '/ws') return;
    for (const host of ['localhost', '127.0.0.1:1', '[::1]:8080'])
      expect((await ask(`Host: ${host}\r\n`)).status).toBe(200);
  });

  test('refuses a foreign origin, and a request that another site caused', async () => {
    const heads = ['Origin: http://evil.test\r\n', 'Origin: foo://localhost\r\n', 'Origin: null\r\n'];
    for (const head of [...heads, 'Sec-Fetch-Site: cross-site\r\n', 'Sec-Fetch-Site: same-site\r\n']) {
      const { status, text } = await ask(`Host: localhost\r\n${head}`);
      // A browser shows a page nothing of a refused handshake: the gateway says it in a close frame.
      if (path === '/ws') expect(text).toContain('this origin may not connect');
      else expect([status, text]).toEqual([403, expect.stringContaining('"code":"origin_forbidden"')]);
    }
  });

  test('says that no other site may frame or read in what it sends', async () => {
    if (path === '/ws') return;
    for (const head of ['Host: localhost\r\n', 'Host: evil.test\r\n']) {
      const { text } = await ask(head);
      for (const line of [
        'cross-origin-resource-policy: same-origin',
        'x-frame-options: DENY',
        "frame-ancestors 'none'",
      ])
        expect(text).toContain(line);
    }
  });
});

test('the page has a policy that names every place it may load from, send to, or be framed by', async () => {
  const policy = (await fetch(node.url)).headers.get('content-security-policy')!;
  const rules = new Map(policy.split(';').map((rule) => [rule.trim().split(' ')[0], rule.trim()]));
  expect(rules.get('connect-src')).toBe("connect-src 'self'");
  expect(rules.get('default-src')).toBe("default-src 'self'");
  for (const name of ['base-uri', 'form-action', 'frame-ancestors', 'object-src'])
    expect(rules.get(name)).toBe(`${name} 'none'`);
});

/** Opens the stranger's page. */
async function strangersPage(host: string, port: number): Promise<Page> {
  const page = await browser.newPage();
  await page.goto(`http://${host}:${port}/`);
  return page;
}

/** Opens a page of a foreign name and this port, as it was loaded before the name moved here. */
async function reboundPage(port: string): Promise<Page> {
  const page = await browser.newPage();
  const url = `http://evil.test:${port}/before`;
  await page.route(url, (route) => route.fulfill({ contentType: 'text/html', body: '<h1>Stranger</h1>' }));
  await page.goto(url);
  return page;
}

describe('a name of a stranger that resolves to this machine', () => {
  test.each(PORTS.filter(([name]) => name !== 'gateway'))('reads nothing of the %s', async (_, path, at) => {
    const page = await reboundPage(new URL(at()).port);
    const statuses = await page.evaluate(`Promise.all(
      ['GET', 'POST', 'DELETE'].map(async (method) => (await fetch('${path}', { method })).status),
    )`);
    expect(statuses).toEqual([403, 403, 403]);
    await page.close();
  });

  test('uploads nothing and opens no socket', async () => {
    const { port } = new URL(node.url);
    const page = await reboundPage(port);
    const upload = await page.evaluate(`(async () => {
      const form = new FormData();
      form.append('file', new File(['text'], 'a.txt'));
      return (await fetch('/api/documents/upload', { method: 'POST', body: form })).status;
    })()`);
    expect(upload).toBe(403);
    const opened = await page.evaluate(`new Promise((resolve) => {
      const socket = new WebSocket('ws://evil.test:${port}/ws');
      socket.onopen = () => resolve(true);
      socket.onerror = () => resolve(false);
    })`);
    expect(opened).toBe(false);
    expect(await redis.client.keys('job:*')).toEqual([]);
    await page.close();
  });
});

describe("a stranger's page", () => {
  const foreignPort = () => (foreign.address() as AddressInfo).port;

  // A name of its own is another site; another port of this machine is the same site.
  test.each(['evil.test', '127.0.0.1'])('at %s uploads, reads and embeds nothing', async (host) => {
    const page = await strangersPage(host, foreignPort());
    const failures = await page.evaluate(`(async () => {
      const form = new FormData();
      form.append('file', new File(['text'], 'a.txt'));
      const calls = [
        fetch('${node.url}/api/jobs'),
        fetch('${node.url}/api/jobs', { mode: 'no-cors' }).then(({ type }) => type),
        fetch('${node.url}/api/documents/upload', { method: 'POST', mode: 'no-cors', body: form }).then(({ type }) => type),
        new Promise((resolve, reject) => {
          const image = new Image();
          image.onload = resolve;
          image.onerror = reject;
          image.src = '${node.url}/icon.svg';
        }),
      ];
      return (await Promise.allSettled(calls)).map(({ status }) => status);
    })()`);
    expect(failures).toEqual(['rejected', 'rejected', 'rejected', 'rejected']);
    expect(node.logger.lines.join()).toContain(`ALLOWED_ORIGINS=http://${host}:${foreignPort()}`);
    expect(await redis.client.keys('job:*')).toEqual([]);
    await page.close();
  });

  test('opens no socket', async () => {
    const page = await strangersPage('evil.test', foreignPort());
    const code = await page.evaluate(`new Promise((resolve) => {
      const socket = new WebSocket('${node.url.replace('http', 'ws')}/ws');
      socket.onclose = ({ code }) => resolve(code);
    })`);
    expect(code).toBe(4403);
    await page.close();
  });

  test('sends no form', async () => {
    const page = await strangersPage('evil.test', foreignPort());
    await page.evaluate(`(() => {
      const form = document.createElement('form');
      Object.assign(form, { method: 'post', enctype: 'multipart/form-data', action: '${node.url}/api/documents/upload' });
      document.body.append(form);
      form.submit();
    })()`);
    await expect.poll(() => page.content()).toContain('origin_forbidden');
    await page.close();
  });

  test('links to the page, whose own calls then work, and may not frame it', async () => {
    const page = await strangersPage('evil.test', foreignPort());
    await page.evaluate(
      `document.body.innerHTML = '<a href="${node.url}/">Sluice</a><iframe src="${node.url}/"></iframe>'`,
    );
    const frame = page.frames().find((frame) => frame !== page.mainFrame());
    await frame?.waitForLoadState();
    expect(await frame?.title()).not.toBe('Sluice');
    const complaints: string[] = [];
    page.on('console', (message) => complaints.push(message.text()));
    await page.getByText('Sluice').click();
    await page.locator('#connection[data-mode="live"]').waitFor({ timeout: 60_000 });
    expect(complaints).toEqual([]);
    await page.close();
  });
});
