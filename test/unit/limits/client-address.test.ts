import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';

import { keyPrincipal } from '../../../src/access/principal.ts';
import { loadConfig } from '../../../src/config.ts';
import { clientAddress, clientSubject } from '../../../src/limits/client-address.ts';

function clientOf(peer: string, forwarded?: string, proxies = '10.0.0.0/8, 2001:db8:1::/48, 127.0.0.1') {
  const { trustedProxies } = loadConfig({ TRUSTED_PROXIES: proxies });
  const request = { socket: { remoteAddress: peer }, headers: { 'x-forwarded-for': forwarded } };
  return clientAddress(request as unknown as IncomingMessage, trustedProxies);
}

test.each([
  ['192.0.2.1', undefined, '192.0.2.1'],
  ['192.0.2.1', '198.51.100.7', '192.0.2.1'],
  ['::ffff:192.0.2.1', undefined, '192.0.2.1'],
  ['127.0.0.1', '198.51.100.7', '198.51.100.7'],
  ['::ffff:10.1.2.3', '198.51.100.7', '198.51.100.7'],
  ['10.1.2.3', '203.0.113.9, 198.51.100.7, 10.9.9.9', '198.51.100.7'],
  ['10.1.2.3', '203.0.113.9,198.51.100.7:4711', '198.51.100.7'],
  ['10.1.2.3', '10.0.0.1, 10.0.0.2', '10.0.0.1'],
  ['10.1.2.3', '203.0.113.9, unknown', '10.1.2.3'],
  ['10.1.2.3', '', '10.1.2.3'],
  ['10.1.2.3', '[2001:db8:2:3:4::5]:443', '2001:db8:2:3::/64'],
  ['2001:db8:1::9', '198.51.100.7', '198.51.100.7'],
  ['2001:0db8:0002:0003:aaaa::1', undefined, '2001:db8:2:3::/64'],
  ['2001:db8:2:3:ffff:1:2:3', undefined, '2001:db8:2:3::/64'],
  ['fe80::1%eth0', undefined, 'fe80:0:0:0::/64'],
  ['::1', undefined, '0:0:0:0:0:0:0:1'],
])('from %s, forwarded for %j, it is %s', (peer, forwarded, client) =>
  expect(clientOf(peer, forwarded)).toBe(`address:${client}`),
);

test("a key counts wherever it comes from, and a job's token by its address", () => {
  const request = { socket: { remoteAddress: '192.0.2.1' }, headers: {} } as unknown as IncomingMessage;
  const key = keyPrincipal('app', ['upload']);
  expect(clientSubject(request, undefined, key)).toBe('key:app');
  expect(clientSubject(request, undefined, { ...key, job: 'a' })).toBe('address:192.0.2.1');
  expect(clientSubject(request, undefined)).toBe('address:192.0.2.1');
});

test('without trusted proxies X-Forwarded-For counts for nothing', () =>
  expect(clientOf('127.0.0.1', '198.51.100.7', '')).toBe('address:127.0.0.1'));

test.each(['10.0.0.0/33', 'proxy.example', '10.0.0.0/x', '::/129', '10.0.0.1 10.0.0.2'])(
  'TRUSTED_PROXIES=%s is refused at start',
  (proxies) =>
    expect(() => loadConfig({ TRUSTED_PROXIES: proxies })).toThrow(/TRUSTED_PROXIES: ".*" is no address/),
);
