import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { startBrowser } from '../../helpers/clients/browser.ts';
import { startEmbeddingsServer } from '../../helpers/servers/embeddings-server.ts';
import { startSluice } from '../../helpers/servers/sluice.ts';
import { buildPage } from './built-page.ts';
import { createTestPage } from './test-page.ts';

/** The picture that README.md shows. */
const PICTURE = join(import.meta.dirname, '../../../client/picture.png');
/** Duration of a call in ms. The long document then moves while the picture is taken. */
const EMBEDDING_MS = 700;
const SIZE = { width: 900, height: 1360 };

await buildPage();
await using ending = new AsyncDisposableStack();
const embedder = await startEmbeddingsServer({ dimensions: 512 });
ending.defer(() => embedder.close());
embedder.delayMs = EMBEDDING_MS;
const sluice = await startSluice({ env: { EMBEDDINGS_URL: embedder.url } });
ending.defer(() => sluice.close());
const browser = await startBrowser();
ending.defer(() => browser.close());

const user = await createTestPage(browser, { viewport: SIZE });
await user.page.goto(sluice.url);
await user.mode('live').waitFor();
await user.choose('paper-2p.pdf');
await user.card('paper-2p.pdf', 'completed').locator('.passage').first().waitFor();
await user.choose('password.pdf');
await user.card('password.pdf', 'failed').waitFor();
await user.choose('slides.pptx', 'gazetteer-13p.pdf');
// Some of its chunks are embedded, and many are still to come.
while (!(await user.seen()).progress.some((percent) => percent > 64 && percent < 75)) await sleep(50);
await user.page.screenshot({ path: PICTURE });
console.log(`The picture is in ${PICTURE}.`);
