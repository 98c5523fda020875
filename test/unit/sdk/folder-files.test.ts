import { expect, test } from 'vitest';

import { listFiles } from '../../../client/sdk/upload/folder-files.ts';

interface Entry {
  isFile: boolean;
  name: string;
}

const file = (name: string) => ({
  isFile: true,
  name,
  file: (take: (file: File) => void) => take(new File(['words'], name)),
});

/** Makes a folder that lists 100 entries at a time, as browsers do. */
const folder = (name: string, entries: Entry[]) => ({
  isFile: false,
  name,
  createReader: () => {
    const left = [...entries];
    return { readEntries: (take: (entries: Entry[]) => void) => take(left.splice(0, 100)) };
  },
});

test('all files of folders are listed, at any depth and of any number', async () => {
  const many = Array.from({ length: 250 }, (_, i) => file(`many-${i}.txt`));
  const deep = folder('a', [folder('b', [folder('empty', []), folder('c', [file('deep.txt')])]), ...many]);
  const names = (await listFiles([file('alone.txt'), deep])).map(({ name }) => name);
  expect(names).toEqual(['alone.txt', 'deep.txt', ...many.map(({ name }) => name)]);
});

test('a file that the browser cannot read fails the list', async () => {
  const gone = {
    ...file('gone.txt'),
    file: (_: unknown, fail: (error: unknown) => void) => fail(new Error('gone')),
  };
  await expect(listFiles([folder('a', [gone])])).rejects.toThrow('gone');
});
