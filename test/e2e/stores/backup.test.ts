import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { runBackupCommand } from '../../helpers/stores/backup-command.ts';
import { startSluice, type TestSluice } from '../../helpers/servers/sluice.ts';
import { useEmbeddings, useFolder } from '../../helpers/servers/use.ts';

const BEFORE = 6;
const COLLECTION = 'notes';

let source: TestSluice;
let restored: TestSluice;
/** Number of uploads acknowledged before the backup begins. The last ones still run then. */
const acknowledged = new Map<string, string>();

const textOf = (i: number) =>
  `Note ${i}: the keeper of lighthouse number ${i} counts ${i * 7} ships at dawn.`;
const note = (i: number) => new File([textOf(i)], `note-${i}.txt`);

const folder = useFolder();
const embedder = useEmbeddings();

beforeAll(async () => {
  const env = { EMBEDDINGS_URL: embedder.url };
  source = await startSluice({ env });
  const upload = async (i: number) => (await source.upload(note(i), { collection: COLLECTION })).job_id;
  for (let i = 0; i < BEFORE; i++) {
    const id = await upload(i);
    acknowledged.set(id, textOf(i));
    if (i < BEFORE / 2) await source.ended(id, 120_000);
  }
  // Uploads continue while the backup runs.
  let over = false;
  const during = (async () => {
    for (let i = BEFORE; !over; i++) {
      await upload(i);
      // Each is indexed twice.
      await sleep(100);
    }
  })();
  const file = join(folder, 'sluice.tar');
  const made = await runBackupCommand('backup', file, { DATA_DIR: source.dataDir });
  over = true;
  await during;
  expect(made).toMatchObject({ code: 0 });
  await source.stop();
  const dataDir = join(folder, 'data');
  expect(await runBackupCommand('restore', file, { DATA_DIR: dataDir })).toMatchObject({ code: 0 });
  restored = await startSluice({ dataDir, env });
}, 400_000);
afterAll(async () => {
  await Promise.all([source?.close(), restored?.close()]);
});

test('a backup loses no upload acknowledged before it began', async () => {
  for (const id of acknowledged.keys()) {
    expect(await restored.ended(id, 200_000), id).toMatchObject({ status: 'completed' });
    expect((await fetch(`${restored.url}/api/documents/${id}`)).status, id).toBe(200);
  }
}, 400_000);

test('search finds every document of a backup after its restore', async () => {
  for (const [id, query] of acknowledged) {
    const found = async () => {
      const response = await fetch(`${restored.url}/api/search`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ collection: COLLECTION, query, limit: 5 }),
      });
      if (!response.ok) return [await response.text()];
      const { results } = (await response.json()) as { results: { document_id: string; text: string }[] };
      return results.map(({ document_id, text }) => `${document_id} ${text}`);
    };
    await expect.poll(found, { timeout: 200_000, interval: 200 }).toContain(`${id} ${query}`);
  }
}, 400_000);
