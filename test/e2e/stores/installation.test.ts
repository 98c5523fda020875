import { mkdirSync } from 'node:fs';
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';

import { Catalogue, CATALOGUE_FILE } from '../../../src/keywords/catalogue.ts';
import { withoutCredentials } from '../../../src/logging/without-credentials.ts';
import { damage } from '../../helpers/servers/keywords.ts';
import {
  agreeOn,
  expectRefused,
  identity,
  InstallationCopies,
  untilReady,
} from '../../helpers/stores/installations.ts';

const installations = new InstallationCopies();

/** Shows the embedded keyword index a write of an installation. @throws if it belongs to another */
function writeToIndex(installation: string): void {
  const folder = join(installations.dataDir, 'keywords');
  mkdirSync(folder, { recursive: true });
  const catalogue = new Catalogue(folder, '');
  try {
    catalogue.admit(installation);
  } finally {
    catalogue.close();
  }
}

test('the first start gives every store one id', async () => {
  const running = await installations.start();
  expect(running.output()).toContain('Sluice is ready');
  await agreeOn(running, installations.live.id);
  expect(await identity(installations.dataDir)).toMatchObject({ from: 'empty', layout: 2 });
  expect((await identity(installations.dataDir)).adopted_at).toMatch(
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/,
  );
});

test('the command says which keyword index is damaged, with a code', async () => {
  const folder = join(installations.dataDir, 'keywords');
  await damage(join(folder, CATALOGUE_FILE));
  const stderr = expect.stringMatching(new RegExp(`^storage_failed: .* remove ${folder}: .*\\n$`)) as string;
  await expect(installations.adopt('blobs')).rejects.toMatchObject({ stderr });
});

test('Sluice refuses two installations, and the command repairs them while it runs', async () => {
  const other = await installations.make();
  await rm(join(installations.dataDir, 'redis'), { recursive: true });
  await cp(join(other.dataDir, 'redis'), join(installations.dataDir, 'redis'), { recursive: true });
  await rm(other.dataDir, { recursive: true });
  await rm(join(installations.dataDir, 'keywords'), { recursive: true });
  writeToIndex(other.id);
  expect(() => writeToIndex(installations.live.id)).toThrow(/belongs to installation/);
  const before = await installations.files();

  const running = await installations.start();
  await expectRefused(running);
  for (const said of [
    installations.live.id,
    other.id,
    join(installations.dataDir, 'blobs'),
    withoutCredentials(running.redisUrl),
    'npm run adopt',
  ])
    await expect.poll(() => running.output()).toContain(said);
  // Waits long enough for each sweep.
  await sleep(2000);
  await expect.poll(() => installations.files()).toEqual(before);

  expect(await installations.adopt('blobs')).toContain(`${other.id} before, ${installations.live.id} now`);
  await untilReady(running);
  await agreeOn(running, installations.live.id);
  writeToIndex(installations.live.id);
  // Sluice restores jobs that Redis did not know, and runs them.
  expect((await running.ended(installations.live.document)).status).toBe('completed');
});
