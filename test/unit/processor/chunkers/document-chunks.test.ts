import { it } from 'vitest';

import { DOCUMENT_NAMES, documentBytes } from '../../../documents/documents.ts';
import { expectSoundChunks } from '../../../helpers/documents/sound-chunks.ts';

it.each(DOCUMENT_NAMES)('%s is cut into exact slices that lose nothing', async (name) => {
  await expectSoundChunks(await documentBytes(name), name);
});
