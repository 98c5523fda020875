import { expect, test } from 'vitest';

import { useEmbeddings, useSluice } from '../../../helpers/servers/use.ts';
import { useBrowser } from '../use-page.ts';
import { faultsOf, NARROW, WIDE } from './scene-faults.ts';
import { DOCS, prepareBusyScenes } from './scenes.ts';

// `long/client/accessibility` looks at each state in both themes and at both widths.
const browser = useBrowser();
const embedder = useEmbeddings({ dimensions: 512 });
const sluice = useSluice(() => ({ env: { EMBEDDINGS_URL: embedder.url } }));

test('no view has an accessibility fault', async () => {
  const scenes = await prepareBusyScenes(sluice, embedder);
  const half = (rest: number) => scenes.filter((_, i) => i % 2 === rest);
  const faults = await Promise.all([
    faultsOf(browser, sluice.url, half(0), { viewport: WIDE, colorScheme: 'dark' }),
    faultsOf(browser, sluice.url, [...half(1), DOCS], { viewport: NARROW, colorScheme: 'light' }),
  ]);
  expect(faults.flat()).toEqual([]);
});
