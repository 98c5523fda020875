import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

import { checkAccess, probeCalls } from '../../../src/redis/check-access.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { startTestRoles, untilReady } from '../../helpers/servers/roles.ts';
import { useRedis } from '../../helpers/servers/use.ts';
import { TestClient } from '../../helpers/clients/ws.ts';

const PREFIX = 'app:';
const LUA = join(import.meta.dirname, '../../../src/jobs/transitions/lua');
const keys = createKeys(PREFIX);
const CHANNEL_COMMANDS = ['multi', 'publish', 'discard', 'subscribe', 'psubscribe'];
const COMMANDS = [...new Set([...probeCalls('').map(([name]) => name), ...CHANNEL_COMMANDS])];
const OURS = [`~${PREFIX}*`, `&${PREFIX}*`, `&${keys.allEvents}`];

const redis = useRedis();

/** Makes an account with exactly these rules. @returns its URL */
async function account(...rules: string[]): Promise<string> {
  await redis.client.call('ACL', 'SETUSER', 'app', 'reset', 'on', '>secret', ...rules);
  return `redis://app:secret@127.0.0.1:${redis.port}`;
}

test('the check asks for every command that a script uses', () => {
  const used = new Set<string>();
  for (const file of readdirSync(LUA)) {
    const text = readFileSync(join(LUA, file), 'utf8');
    for (const [, name = ''] of text.matchAll(/(?:redis\.p?call|on_line)\('([A-Z]+)'/g))
      used.add(name.toLowerCase());
  }
  expect(used.size).toBeGreaterThan(20);
  expect([...used].filter((name) => !COMMANDS.includes(name))).toEqual([]);
});

test('an account that lacks one command is told which, without a hang', async () => {
  for (const command of COMMANDS) {
    const url = await account(...OURS, '+@all', `-${command}`);
    expect(await checkAccess(url, keys)).toEqual({
      reached: true,
      fault: `The Redis account "app" lacks permissions. Run in Redis: ACL SETUSER app +${command}`,
    });
  }
});

test('the check publishes nothing and leaves no key', async () => {
  const heard: unknown[] = [];
  const listener = redis.client.duplicate();
  listener.on('pmessage', (...message) => heard.push(message));
  await listener.psubscribe('*');
  expect(await checkAccess(await account(...OURS, '+@all'), keys)).toEqual({ reached: true });
  await redis.client.publish('last', '');
  await expect.poll(() => heard).toEqual([['*', 'last', '']]);
  expect(await redis.client.keys('*')).toEqual([]);
  listener.disconnect();
});

test('an account that lacks its keys or channels is told the rule', async () => {
  expect((await checkAccess(await account('~other:*', '&*', '+@all'), keys)).fault).toContain(' ~app:*');
  expect((await checkAccess(await account('~*', 'resetchannels', '+@all'), keys)).fault).toContain(
    ' &app:* &app:job:*:events',
  );
});

test('Sluice works with exactly the commands that the check asks for', async () => {
  const url = await account(...OURS, ...COMMANDS.map((name) => `+${name}`));
  await using roles = await startTestRoles(['api', 'gateway', 'worker'], {
    REDIS_URL: url,
    REDIS_KEY_PREFIX: PREFIX,
    LEASE_MS: '600',
    MIN_FREE_BYTES: '0',
  });
  await untilReady(roles.url);
  const form = new FormData();
  form.append('file', new Blob(['words']), 'a.txt');
  const upload = await fetch(`${roles.url}/api/documents/upload`, {
    method: 'POST',
    body: form,
    headers: { 'idempotency-key': 'one' },
  });
  expect(upload.status).toBe(202);
  const { job_id } = (await upload.json()) as { job_id: string };
  const client = new TestClient(`${roles.url}/ws?job=${job_id}`);
  await expect.poll(() => client.states(job_id).length).toBeGreaterThan(0);
  for (const path of ['/api/jobs', '/api/documents', '/api/stats', '/metrics', `/api/jobs/${job_id}`])
    expect((await fetch(roles.url + path)).status, path).toBe(200);
  const cancelled = await fetch(`${roles.url}/api/jobs/${job_id}/cancel`, { method: 'POST' });
  expect(cancelled.status).toBe(200);
  await expect.poll(() => client.states(job_id).at(-1)?.status).toBe('failed');
  // The worker's sweeps have come round, of which no event tells, and nothing was refused.
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const refused = roles.logger.lines.filter((line) => line.includes('NOPERM'));
  expect(refused.filter((line) => !line.includes('stays unnoticed'))).toEqual([
    expect.stringContaining('cannot read the settings of Redis'),
  ]);
});

test('a start with an account that lacks permissions ends with the cure', async () => {
  const url = await account(...OURS, '+@all', '-@dangerous', '-psubscribe');
  const start = startTestRoles(['api', 'gateway'], { REDIS_URL: url, REDIS_KEY_PREFIX: PREFIX });
  await expect(start).rejects.toThrow(
    'The Redis account "app" lacks permissions. Run in Redis: ACL SETUSER app +info +psubscribe',
  );
});

test('an account that loses a permission while Sluice runs makes it unready, not dead, until it is back', async () => {
  const url = await account(...OURS, '+@all');
  await using roles = await startTestRoles(['api', 'gateway'], { REDIS_URL: url, REDIS_KEY_PREFIX: PREFIX });
  await untilReady(roles.url);
  await redis.client.call('ACL', 'SETUSER', 'app', '-psubscribe');
  await redis.client.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
  const events = async () =>
    ((await (await fetch(`${roles.url}/readyz`)).json()) as { checks: { events: string } }).checks.events;
  await expect.poll(() => roles.logger.lines.join()).toContain("run the 'psubscribe' command");
  expect(await events()).toBe('failed');
  await redis.client.call('ACL', 'SETUSER', 'app', '+psubscribe');
  await expect.poll(events).toBe('ok');
});

test('a wrong password ends the start', async () => {
  const url = (await account(...OURS, '+@all')).replace('secret', 'wrong');
  const start = startTestRoles(['worker'], { REDIS_URL: url });
  await expect(start).rejects.toThrow(/Redis refuses the account: WRONGPASS.*password in REDIS_URL/);
});

test('a Redis Cluster ends the start', async () => {
  await redis.kill();
  await redis.start('--cluster-enabled', 'yes', '--appendonly', 'no');
  const start = startTestRoles(['worker'], { REDIS_URL: redis.url });
  await expect(start).rejects.toThrow(
    /leads to a Redis cluster, which Sluice cannot use. Name a single Redis/,
  );
});
