import { expect, test } from 'vitest';

import { useEmbeddings, useSluice } from '../../helpers/servers/use.ts';
import { serverCalls } from './library/server-calls.ts';
import { usePage } from './use-page.ts';

const user = usePage();
const embedder = useEmbeddings();
const sluice = useSluice(() => ({ env: { EMBEDDINGS_URL: embedder.url } }));
const server = serverCalls(sluice);

const MARKUP = `<img src=x onerror="window.gotcha=1"><script>window.gotcha=1</script><b>bold</b>`;
/** A name has no slashes, because the server keeps what follows the last one. */
const NAME = `${MARKUP.replaceAll('/', '')}${'w'.repeat(250)}`.slice(0, 250) + '.txt';
const BATCH = `${MARKUP}${'batch'.repeat(20)}`.slice(0, 128);
const ARABIC = 'تقرير الميناء الأول عن المد والجزر.';

test('markup and endless words of a document stay text in each view, and widen none', async () => {
  await user.page.setViewportSize({ width: 320, height: 640 });
  const text = `${MARKUP} lanterns ${'x'.repeat(400)}`;
  const id = await server.ingest(new File([text], NAME, { type: 'text/plain' }), {
    collection: 'hostile',
    batch: BATCH,
    metadata: JSON.stringify({ [`<i>${'k'.repeat(60)}`]: `${MARKUP}${'v'.repeat(300)}` }),
  });
  const broken = new File(['%PDF-1.4 nothing'], `${NAME.slice(0, 200)}.pdf`, { type: 'application/pdf' });
  const { job_id: failed } = await sluice.upload(broken, { collection: 'hostile', batch: BATCH });
  await sluice.ended(failed);
  const views = [
    '#/uploads',
    '#/library/hostile',
    `#/document/${id}?view=text`,
    `#/document/${id}?view=chunks`,
    `#/document/${id}?view=original`,
    '#/search?collection=hostile&q=lanterns&mode=keyword',
    '#/operations?status=failed',
    '#/operations?status=recent',
    `#/job/${failed}`,
    `#/batch/${encodeURIComponent(BATCH)}`,
  ];
  for (const view of views) {
    await user.page.goto(`${sluice.url}/${view}`);
    const shown = user.page.locator('main').getByText('<img src=x').first();
    await shown.waitFor({ timeout: 20_000 }).catch((error: unknown) => {
      throw new Error(`nothing in ${view}`, { cause: error });
    });
    expect([view, await user.page.locator('main :is(img, script, b, i)').count()]).toEqual([view, 0]);
    expect([view, await user.page.evaluate('document.documentElement.scrollWidth')]).toEqual([view, 320]);
  }
  await user.page.goto(`${sluice.url}/#/library/hostile`);
  await user.page.getByRole('button', { name: /^Delete <img/ }).click();
  await user.page.locator('.toast').getByText('<img src=x').waitFor();
  expect(await user.page.evaluate('document.documentElement.scrollWidth')).toBe(320);
  await user.page.getByRole('button', { name: 'Undo' }).click();
  expect(await user.page.evaluate('window.gotcha')).toBeUndefined();
  expect(user.complaints).toEqual([]);
});

test('text and names from right to left begin at the right, and turn no words around them', async () => {
  const id = await server.ingest(new File([ARABIC], `${ARABIC}txt`, { type: 'text/plain' }), {
    collection: 'arabic',
  });
  await user.page.goto(`${sluice.url}/#/document/${id}?view=text`);
  const line = user.page.locator('.read-text p').filter({ hasText: 'تقرير' });
  await line.waitFor();
  // The first letter is at the right of its line.
  const side = await user.page.evaluate<number>(`(() => {
    const element = document.querySelector('.read-text p[data-start]');
    const range = document.createRange();
    const node = document.createTreeWalker(element, NodeFilter.SHOW_TEXT).nextNode();
    range.setStart(node, 0);
    range.setEnd(node, 1);
    const box = element.getBoundingClientRect();
    return (range.getBoundingClientRect().left - box.left) / box.width;
  })()`);
  expect(side).toBeGreaterThan(0.5);
});

test('an address that nobody would type shows a view, and no failure', async () => {
  const addresses = [
    '#/document/%E0%A4%A',
    '#/library/constructor?metadata=__proto__=1&sort=__proto__&shown=-5',
    '#/search?limit=1.5&mode=constructor&q=x&collection=hostile',
    '#/operations?status=toString&code=__proto__&filename=%00',
    '#/batch/%00?status=constructor',
    '#/constructor/__proto__',
  ];
  for (const address of addresses) {
    await user.page.goto(`${sluice.url}/${address}`);
    await user.page.locator('main h1').first().waitFor({ state: 'attached' });
    expect([address, await user.page.getByText('This view failed').count()]).toEqual([address, 0]);
  }
  // The browser itself notes responses of 400 and 404.
  for (const words of user.complaints) expect(words).toMatch(/status of 40[04]/);
});
