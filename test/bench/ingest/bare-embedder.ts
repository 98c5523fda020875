import { embedTexts, loadModel } from '../../../src/processor/embedders/bundled-model.ts';

/** A process that has nothing to do but to embed: says `ready` once, then `done` for each list of texts. */
process.on('message', (texts: string[]) => void embed(texts));

async function embed(texts: readonly string[]): Promise<void> {
  for await (const _vectors of embedTexts(texts));
  process.send?.('done');
}

await loadModel();
process.send?.('ready');
