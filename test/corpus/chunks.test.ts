import { readFile } from 'node:fs/promises';
import { it } from 'vitest';

import { expectSoundChunks } from '../helpers/documents/sound-chunks.ts';
import { corpusNames, corpusPath } from './corpus.ts';

it.each(await corpusNames())('%s is cut into exact slices that lose nothing', async (name) => {
  await expectSoundChunks(await readFile(corpusPath(name)), name);
});
