import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

import { startSluice } from '../../helpers/servers/sluice.ts';
import { eventually } from '../../helpers/servers/supervised.ts';

const note = () => new File(['A lighthouse warns ships.'], 'note.txt');

test('uploads wait for a damaged Chroma, search and readiness name it, and all works after its repair', async () => {
  const first = await startSluice();
  await first.ended((await first.upload(note())).job_id);
  await first.stop();
  writeFileSync(join(first.dataDir, 'chroma', 'chroma.sqlite3'), 'not a database');

  const sluice = await startSluice({ dataDir: first.dataDir });
  try {
    const readiness = async () => (await fetch(`${sluice.url}/readyz`)).json();
    expect(sluice.output()).toMatch(/chroma .*away/);
    expect(await readiness()).toMatchObject({ status: 'degraded', checks: { redis: 'ok', chroma: 'away' } });
    const { job_id: id } = await sluice.upload(note());
    const search = async () => {
      const response = await fetch(`${sluice.url}/api/search`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ collection: 'default', query: 'ships' }),
      });
      return { status: response.status, ...((await response.json()) as { code: string }) };
    };
    // The processor, which embeds the query first, may start later than the api.
    await expect.poll(search).toMatchObject({ status: 503, code: 'vector_store_unavailable' });
    expect((await sluice.job(id)).retry_count ?? 0).toBe(0);

    renameSync(join(sluice.dataDir, 'chroma'), join(sluice.dataDir, 'damaged'));
    expect(await sluice.ended(id, 200_000)).toMatchObject({ status: 'completed' });
    await eventually(async () => ((await readiness()) as { status: string }).status === 'ok');
  } finally {
    await sluice.close();
  }
}, 300_000);
