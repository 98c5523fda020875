import { describe, expect, test } from 'vitest';

import { recordStates } from '../../e2e/client/shown-states.ts';
import { GENEROUS_MS } from '../../e2e/client/test-page.ts';
import { usePage } from '../../e2e/client/use-page.ts';
import { useEmbeddings, useSluice } from '../../helpers/servers/use.ts';

/** Long enough to be cut off in the middle. */
const LONG = 'gazetteer-13p.pdf';
/** Duration of a call. The job must last for some polls. */
const EMBEDDING_MS = 3000;
const GENEROUS = { timeout: GENEROUS_MS };

const user = usePage();
const embedder = useEmbeddings({ delayMs: EMBEDDING_MS });
const sluice = useSluice(() => ({ env: { EMBEDDINGS_URL: embedder.url } }));

const view = (status: string) => user.page.locator(`.job[data-status="${status}"]`);
const upload = async (collection: string) => (await sluice.upload(LONG, { collection })).job_id;
/** Opens the view of a job. @returns a read of what it has shown */
async function open(id: string) {
  const shown = await recordStates(user.page);
  await user.page.goto(`${sluice.url}/#/job/${id}`);
  return shown;
}

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
    const shown = await open(await upload('polled'));
    await user.mode('polling').waitFor();
    await view('completed').waitFor();
    const { percents } = await shown();
    expect(percents).toEqual(percents.toSorted((a, b) => a - b));
    const { modes } = await user.seen();
    expect(modes).not.toContain('live');
    expect(tags.length).toBeGreaterThan(1);
    expect(tags.map(({ asked }) => asked)).toEqual(
      [undefined, ...tags.map(({ responded }) => responded)].slice(0, -1),
    );
  });

  test('a job goes on while the server is killed and comes back', async () => {
    const id = await upload('killed');
    const shown = await open(id);
    await user.mode('live').waitFor();
    await view('processing').locator('.doing').getByText('Embedding').waitFor();
    process.kill(await sluice.rolePid('api'), 'SIGKILL');
    await expect.poll(async () => (await user.seen()).modes.slice(1), GENEROUS).toContain('live');
    await view('completed').waitFor();

    const { result } = await sluice.job(id);
    const facts = await user.page.locator('.job-facts').textContent();
    expect(facts).toContain(`Chunks${result?.chunk_count}`);
    const { percents } = await shown();
    expect(percents).toEqual(percents.toSorted((a, b) => a - b));
    const { modes } = await user.seen();
    expect(modes[0]).toBe('live');
    expect(['stale', 'offline']).toContain(modes[1]);
  });
});
