import { expect, test } from 'vitest';

import { UploadFieldsSchema } from '../../../src/contract/upload.ts';
import { nearestName } from '../../../src/spelling/nearest-name.ts';

const FIELDS = Object.keys(UploadFieldsSchema.entries);

test.each([
  ['Collection', 'collection'],
  ['COLLECTION', 'collection'],
  ['collections', 'collection'],
  ['colection', 'collection'],
  ['collectoin', 'collection'],
  ['collection[]', 'collection'],
  [' collection', 'collection'],
  ['chunksize', 'chunk_size'],
  ['chunk-size', 'chunk_size'],
  ['chunk.size', 'chunk_size'],
  ['chunk size', 'chunk_size'],
  ['chunkSize', 'chunk_size'],
  ['ChunkSize', 'chunk_size'],
  ['CHUNK_SIZE', 'chunk_size'],
  ['chunk_sizes', 'chunk_size'],
  ['chunking_size', 'chunk_size'],
  ['chunkOverlap', 'chunk_overlap'],
  ['chunk_overlpa', 'chunk_overlap'],
  ['chunck_overlapp', 'chunk_overlap'],
  ['chunk_strategy', 'chunking_strategy'],
  ['chunkingStrategy', 'chunking_strategy'],
  ['chunking_stratgey', 'chunking_strategy'],
  ['meta_data', 'metadata'],
  ['metaData', 'metadata'],
  ['metdata', 'metadata'],
  ['metadata[author]', 'metadata'],
])('%s is taken for %s', (name, meant) => {
  expect(nearestName(name, FIELDS)).toBe(meant);
});

/** Names that old clients, form libraries and frameworks send beside a file. */
const UNRELATED = {
  common:
    'name title size description type user token comment tags tag id key note notes author date category folder path ' +
    'lang language source url text content data meta info label project group owner status mode format version email ' +
    'filename file_name fileName filesize file_size fileSize mimetype content_type files file1 document document_id ' +
    'connection correction selection collation collision collector action section option options',
  chunks:
    'chunk chunks chunker chunk_id chunk_index chunkIndex chunk_count chunkNumber chunk_method chunk_token_num ' +
    'max_chunk_size dzuuid dzchunkindex dztotalfilesize dzchunksize dztotalchunkcount dzchunkbyteoffset qquuid qqfilename ' +
    'qqchunksize qqtotalfilesize qqpartindex resumableChunkNumber resumableChunkSize resumableTotalSize flowChunkSize ' +
    'flowCurrentChunkSize overlap strategy separator splitter',
  other: 'metadata2 metadata_2 collection1 collection_id collection_name collectionName metadata_url',
  control:
    '_charset_ isindex csrf_token csrfmiddlewaretoken authenticity_token utf8 commit _method _token _collection ' +
    '__RequestVerificationToken __VIEWSTATE MAX_FILE_SIZE APC_UPLOAD_PROGRESS X-Progress-ID relativePath comment.dir',
  hostile: '__proto__ constructor prototype toString hasOwnProperty größe 収集 🗂 [] % --',
};
const names = Object.values(UNRELATED).flatMap((list) => list.split(' '));

test.each([...names, ''])('%s is no misspelled field', (name) => {
  expect(nearestName(name, FIELDS)).toBeUndefined();
});

test('a long name is no misspelled field, and costs no time', () => {
  const before = performance.now();
  for (const long of ['collection'.repeat(1000), 'x'.repeat(1_000_000)])
    expect(nearestName(long, FIELDS)).toBeUndefined();
  expect(performance.now() - before).toBeLessThan(500);
});

test('a known name is not misspelled, even beside one like it', () => {
  expect(nearestName('limit', ['limits', 'limit'])).toBeUndefined();
});

test('the closest name counts, and a short one must be the same word', () => {
  expect(nearestName('limt', ['limits', 'limit'])).toBe('limit');
  expect(nearestName('want', ['wait'])).toBeUndefined();
  expect(nearestName('Wait', ['wait'])).toBe('wait');
});
