import { it } from 'vitest';

import { DOCUMENT_NAMES, documentBytes } from '../../../documents/documents.ts';
import { expectSoundChunks } from '../../../helpers/documents/sound-chunks.ts';

// Leaves out the longest report. Its first 150 pages are a document of their own, and hold all that the test would cut.
it.each(DOCUMENT_NAMES.filter((name) => name !== 'report-600p.pdf'))(
  '%s is cut into exact slices that lose nothing',
  async (name) => {
    await expectSoundChunks(await documentBytes(name), name);
  },
);
