import { expect, test } from 'vitest';

import { Guard } from '../../../src/access/guard.ts';
import { loadConfig } from '../../../src/config.ts';
import { quietLogger } from '../../helpers/servers/roles.ts';

const guard = new Guard(['docs.example', 'fd00::1'], ['https://app.example'], quietLogger());
const requestOf = (headers: Record<string, string>) => ({
  headers,
  rawHeaders: Object.entries(headers).flat(),
});
const ask = (headers: Record<string, string>, isStatic = false) =>
  guard.refusal(requestOf(headers), isStatic);

test.each([
  ['localhost', true],
  ['LOCALHOST:8080', true],
  ['localhost.', true],
  ['127.0.0.1:8080', true],
  ['127.9.8.7', true],
  ['[::1]:8080', true],
  ['[0:0:0:0:0:0:0:1]', true],
  ['docs.example', true],
  ['Docs.Example.:443', true],
  ['[fd00:0::1]', true],
  ['evil.test', false],
  ['localhost.evil.test', false],
  ['127.0.0.1.evil.test', false],
  ['sub.docs.example', false],
  ['0.0.0.0', false],
  ['10.0.0.1:8080', false],
  ['[::2]', false],
  ['user@localhost', false],
  ['localhost/evil', false],
  ['evil.test#localhost', false],
  ['evil.test\\@localhost', false],
  ['localhost, evil.test', false],
  ['localhost:80:80', false],
  ['[::1', false],
  ['[zz]', false],
  ['', false],
])('Host %j comes in: %s', (host, comesIn) => {
  expect(ask({ host })).toBe(comesIn ? undefined : 'host_forbidden');
});

test('a request without Host is refused, and one whose target names another host', () => {
  expect(ask({})).toBe('host_forbidden');
  const headers = { host: 'localhost' };
  expect(guard.refusal({ ...requestOf(headers), url: 'http://evil.test/api/jobs' })).toBe('host_forbidden');
  expect(guard.refusal({ ...requestOf(headers), url: 'http://localhost/api/jobs' })).toBeUndefined();
});

test('a request with several Host headers is refused, because a proxy may have read another one', () => {
  const rawHeaders = ['Host', 'localhost', 'accept', '*/*', 'hOST', 'evil.test'];
  expect(guard.refusal({ headers: { host: 'localhost' }, rawHeaders })).toBe('host_forbidden');
});

test.each([
  ['https://app.example', 'localhost', true],
  ['http://localhost:8080', 'localhost:8080', true],
  ['https://docs.example', 'docs.example', true],
  ['https://docs.example', 'docs.example:443', true],
  ['http://docs.example', 'DOCS.example:80', true],
  ['http://docs.example', 'docs.example:443', false],
  ['http://localhost:8081', 'localhost:8080', false],
  ['http://127.0.0.1:8080', 'localhost:8080', false],
  ['https://evil.example', 'localhost', false],
  ['https://app.example.evil.example', 'localhost', false],
  ['http://app.example', 'localhost', false],
  ['foo://localhost', 'localhost', false],
  ['chrome-extension://localhost', 'localhost', false],
  ['null', 'localhost', false],
  ['http://user@localhost', 'localhost', false],
  ['http://localhost/', 'localhost', false],
  ['http://localhost#x', 'localhost', false],
  ['http://localhost\\x', 'localhost', false],
  ['http://0x7f.1', '127.0.0.1', false],
  ['', 'localhost', false],
])('Origin %j asks %s and comes in: %s', (origin, host, comesIn) => {
  expect(ask({ host, origin })).toBe(comesIn ? undefined : 'origin_forbidden');
  // A file of the page is anybody's.
  expect(ask({ host, origin }, true)).toBeUndefined();
});

test.each([
  ['same-origin', undefined, undefined],
  ['none', undefined, undefined],
  ['cross-site', undefined, 'origin_forbidden'],
  ['same-site', undefined, 'origin_forbidden'],
  ['anything', undefined, 'origin_forbidden'],
  ['cross-site', 'https://app.example', undefined],
  ['same-site', 'https://app.example', undefined],
  ['same-site', 'http://localhost', 'origin_forbidden'],
])('Sec-Fetch-Site %s with Origin %s: %s', (site, origin, refusal) => {
  const headers = { host: 'localhost', 'sec-fetch-site': site, ...(origin && { origin }) };
  expect(ask(headers)).toBe(refusal);
});

test('a link leads to the page, and no stranger may load its files', () => {
  const headers = { host: 'localhost', 'sec-fetch-site': 'cross-site' };
  expect(ask({ ...headers, 'sec-fetch-mode': 'navigate' }, true)).toBeUndefined();
  expect(ask({ ...headers, 'sec-fetch-mode': 'navigate' })).toBe('origin_forbidden');
  expect(ask({ ...headers, 'sec-fetch-mode': 'no-cors' }, true)).toBe('origin_forbidden');
  expect(ask({ ...headers, origin: 'https://other.example' }, true)).toBe('origin_forbidden');
});

test('a page of an allowed origin may import the SDK', () => {
  const headers = { host: 'localhost', 'sec-fetch-site': 'cross-site', origin: 'https://app.example' };
  expect(ask({ ...headers, 'sec-fetch-mode': 'cors' }, true)).toBeUndefined();
});

test('a refused host or origin is logged once with its cure, and a stranger cannot fill the log', () => {
  const logger = quietLogger();
  const strict = new Guard([], [], logger);
  for (let i = 0; i < 3; i++) {
    strict.refusal(requestOf({ host: 'docs.example:8080' }));
    strict.refusal(requestOf({ host: 'localhost', origin: 'https://app.example' }));
  }
  expect(logger.lines).toEqual([
    expect.stringContaining('ALLOWED_HOSTS=docs.example'),
    expect.stringContaining('ALLOWED_ORIGINS=https://app.example'),
  ]);
  for (let i = 0; i < 1000; i++) strict.refusal(requestOf({ host: `${i}.${'x'.repeat(1000)}` }));
  expect(logger.lines).toHaveLength(101);
  expect(logger.lines.join('').length).toBeLessThan(100_000);
});

test('a log line names no cure that the settings refuse', () => {
  const logger = quietLogger();
  const strict = new Guard([], [], logger);
  for (const origin of ['null', 'foo://localhost', ''])
    strict.refusal(requestOf({ host: 'localhost', origin }));
  strict.refusal(requestOf({ host: '' }));
  strict.refusal(requestOf({ host: 'localhost', 'sec-fetch-site': 'cross-site' }));
  expect(logger.lines).toHaveLength(5);
  expect(logger.lines.join()).not.toMatch(/ALLOWED_\w+=/);
});

test('a setting that names no host, origin or address is refused at start', () => {
  expect(loadConfig({ ALLOWED_HOSTS: 'api, docs.example,[::1],10.0.0.1' }).allowedHosts).toHaveLength(4);
  for (const hosts of ['http://docs.example', 'docs.example/x', 'a b', '*.example', '*'])
    expect(() => loadConfig({ ALLOWED_HOSTS: hosts })).toThrow(/ALLOWED_HOSTS/);
  for (const origins of ['*', 'app.example', 'https://app.example/', 'null', 'https://*.example'])
    expect(() => loadConfig({ ALLOWED_ORIGINS: origins })).toThrow(/ALLOWED_ORIGINS/);
  for (const url of ['docs.example', 'ftp://docs.example'])
    expect(() => loadConfig({ PUBLIC_URL: url })).toThrow(/PUBLIC_URL/);
});
