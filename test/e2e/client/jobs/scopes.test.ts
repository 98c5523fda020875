import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';

import { makeKey } from '../../../helpers/clients/api-keys.ts';
import { useFolder, useSluice } from '../../../helpers/servers/use.ts';
import { usePage } from '../use-page.ts';

const user = usePage();
const reader = makeKey('reader', ['upload', 'read']);
const operator = makeKey('operator', ['read', 'dashboard']);
const keyFile = join(useFolder(), 'keys.json');
beforeAll(() => writeFile(keyFile, JSON.stringify([reader.entry, operator.entry])));
const sluice = useSluice(() => ({ env: { API_KEYS: keyFile } }));

async function enter(token: string): Promise<void> {
  await user.page.getByLabel('Key', { exact: true }).fill(token);
  await user.page.getByRole('button', { name: 'Use this key' }).click();
}

test.each([
  ['its WebSocket', true],
  ['reads alone', false],
])('operations name the scope that the key lacks, over %s', async (_, hasLine) => {
  if (!hasLine) {
    await user.page.routeWebSocket('**/ws', (socket) => socket.close());
    await user.page.route('**/api/events?*', (route) => route.abort());
  }
  await user.page.goto(`${sluice.url}/#/operations`);
  await enter(reader.token);
  await user.page.getByText('This key does not show operations', { exact: true }).waitFor();
  await user.page.getByText('The key needs the scope dashboard.').waitFor();
  await user.page.getByRole('button', { name: 'Use another key' }).click();
  await enter(operator.token);
  await user.page.getByRole('heading', { name: 'Jobs', exact: true }).waitFor();
  expect(await user.page.getByText('This key does not show operations').count()).toBe(0);
});
