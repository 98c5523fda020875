import { expect, test } from 'vitest';

import { marksOf } from '../../../client/wording/document-marks.ts';
import type { Document } from '../../../src/contract/documents.ts';

const marks = (facts: Partial<Document>) => marksOf(facts as Document);

test('a sound document has no mark', () => {
  expect(marks({})).toEqual([]);
});

test('a mark says what is wrong, and what to do', () => {
  const [missing] = marks({ missing_chunks: 3 });
  expect(missing).toMatchObject({ words: '3 chunks missing', state: 'failed' });
  expect(missing!.why).toContain('by itself');
  expect(marks({ metadata_pending: true })).toMatchObject([{ words: 'Metadata pending', state: 'retrying' }]);
});

test('chunks that cannot come back ask for another upload', () => {
  const [missing, gone] = marks({ missing_chunks: 1, file_gone: true });
  expect(missing!.why).toContain('Upload the document again');
  expect(gone).toMatchObject({ words: 'Original gone', state: 'failed' });
});
