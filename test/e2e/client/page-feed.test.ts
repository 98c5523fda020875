import { describe, expect, test } from 'vitest';

import { GENEROUS_MS } from './test-page.ts';
import { usePage } from './use-page.ts';
import { useEmbeddings, useSluice } from '../../helpers/servers/use.ts';

/** Long enough to be cut off in the middle. */
const LONG = 'gazetteer-13p.pdf';
/** Duration of a call. The job must last for some polls. */
const EMBEDDING_MS = 3000;
const GENEROUS = { timeout: GENEROUS_MS };

const user = usePage();
const embedder = useEmbeddings({ delayMs: EMBEDDING_MS });
const sluice = useSluice(() => ({ env: { EMBEDDINGS_URL: embedder.url } }));

describe('without its socket', () => {
  test('the page asks every two seconds for what it does not have yet', async () => {
    const tags: { asked: string | undefined; responded: string | undefined }[] = [];
    user.page.on('response', (response) => {
      if (!response.url().includes('/api/jobs?')) return;
      tags.push({
        asked: response.request().headers()['if-none-match'],
        responded: response.headers()['etag'],
      });
    });
    await user.page.routeWebSocket('**/ws', (socket) => socket.close());
    await user.page.route('**/api/events?*', (route) => route.abort());
    await user.page.goto(sluice.url);
    await user.choose(LONG);
    await user.mode('polling').waitFor();
    await user.card(LONG, 'completed').waitFor();
    const { progress, modes } = await user.seen();
    expect(progress).toEqual(progress.toSorted((a, b) => a - b));
    expect(modes).not.toContain('live');
    expect(tags.length).toBeGreaterThan(1);
    expect(tags.map(({ asked }) => asked)).toEqual(
      [undefined, ...tags.map(({ responded }) => responded)].slice(0, -1),
    );
    // Otherwise the next upload of the same file would complete at once.
    const [id = ''] = await user.jobIds();
    expect((await fetch(`${sluice.url}/api/documents/${id}`, { method: 'DELETE' })).status).toBe(204);
  });

  test('a job goes on while the server is killed and comes back', async () => {
    await user.page.goto(sluice.url);
    await user.mode('live').waitFor();
    await user.choose(LONG);
    await user.card(LONG, 'processing').locator('[data-step="embed"][data-state="active"]').waitFor();
    process.kill(await sluice.rolePid('api'), 'SIGKILL');
    await expect.poll(async () => (await user.seen()).modes.slice(1), GENEROUS).toContain('live');
    await user.card(LONG, 'completed').waitFor();

    const [id = ''] = await user.jobIds();
    const { result } = await sluice.job(id);
    const words = await user.card(LONG).locator('.message').textContent();
    expect(words).toContain(`${result?.chunk_count} chunks`);
    const { progress, modes } = await user.seen();
    expect(progress).toEqual(progress.toSorted((a, b) => a - b));
    expect(modes[0]).toBe('live');
    expect(['stale', 'offline']).toContain(modes[1]);
  });
});
