import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { beforeAll, expect, test } from 'vitest';

import { CONFIGURATION_EXIT_CODE, isReadyMessage } from '../../../src/embedded/role-process.ts';
import { makeCertificates } from '../../helpers/faults/certificates.ts';
import { freePort } from '../../helpers/servers/redis.ts';
import { use, useFolder, useRedis } from '../../helpers/servers/use.ts';

const MAIN = resolve(import.meta.dirname, '../../../src/main.ts');

const tls = use(makeCertificates);
const redis = useRedis();
const dataDir = useFolder();
let port: number;

beforeAll(async () => {
  port = await freePort();
  await redis.kill();
  const files = [
    '--tls-cert-file',
    tls.certificate,
    '--tls-key-file',
    tls.key,
    '--tls-ca-cert-file',
    tls.authority,
  ];
  await redis.start('--tls-port', String(port), '--tls-auth-clients', 'no', ...files);
});

/** Runs api and gateway as a process, because Node reads NODE_EXTRA_CA_CERTS only at its start. */
function start(env: Record<string, string>) {
  const nowhere = 'http://127.0.0.1:9';
  const child = spawn(process.execPath, [MAIN, 'api', 'gateway'], {
    env: {
      PATH: process.env['PATH'],
      PORT: '0',
      DATA_DIR: dataDir,
      MIN_FREE_BYTES: '0',
      REDIS_URL: `rediss://127.0.0.1:${port}`,
      CHROMA_URL: nowhere,
      PROCESSOR_URL: nowhere,
      KEYWORDS_URL: nowhere,
      ...env,
    },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let output = '';
  child.stderr?.on('data', (data: Buffer) => (output += data.toString()));
  return { child, output: () => output };
}

test('Redis over TLS with a private authority works once Node knows the authority', async () => {
  const { child } = start({ NODE_EXTRA_CA_CERTS: tls.authority });
  const [message] = (await once(child, 'message')) as [unknown];
  const url = isReadyMessage(message) ? `http://127.0.0.1:${message.port}` : '';
  const checks = async () =>
    ((await (await fetch(`${url}/readyz`)).json()) as { checks: Record<string, string> }).checks;
  await expect.poll(checks).toMatchObject({ redis: 'ok', installation: 'ok', events: 'ok' });
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
});

test('a certificate of an unknown authority ends the start with its cure', async () => {
  const { child, output } = start({});
  expect(await once(child, 'exit')).toEqual([CONFIGURATION_EXIT_CODE, null]);
  expect(output()).toMatch(/certificate of Redis is not trusted.*NODE_EXTRA_CA_CERTS/);
  expect(JSON.parse(output())).toMatchObject({ level: 'error', role: 'api+gateway' });
});
