import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';

import { isInstalled, namesOfInstalled, unpackLanguages } from '../../../../src/processor/ocr/languages.ts';

it('knows the installed languages, and accepts no path', () => {
  expect(isInstalled('eng')).toBe(true);
  for (const name of ['xxx', '', 'ENG', '../eng', 'eng/..', 'eng+deu']) expect(isInstalled(name)).toBe(false);
  expect(namesOfInstalled().split(', ')).toContain('eng');
});

it('unpacks the data that Tesseract reads, and refuses a language that Tesseract would download', async () => {
  const parent = await mkdtemp(join(tmpdir(), 'languages-'));
  try {
    const data = await unpackLanguages(['eng'], join(parent, 'one'));
    expect(data).toEqual({ folder: join(parent, 'one'), languages: 'eng' });
    expect(await readdir(data.folder)).toEqual(['eng.traineddata']);
    expect((await stat(join(data.folder, 'eng.traineddata'))).size).toBeGreaterThan(1_000_000);
    await expect(unpackLanguages(['eng', 'xxx'], join(parent, 'two'))).rejects.toThrow('"xxx"');
  } finally {
    await rm(parent, { recursive: true });
  }
});
