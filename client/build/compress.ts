import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, gzip } from 'node:zlib';
import type { Plugin } from 'vite';

const DIST = join(import.meta.dirname, '../dist');
/** Names of files to compress. The character maps of PDF are compressed already. */
const TEXTS = /\.(?:html|js|mjs|css|svg|ts)$/;

/** Compresses the built texts once, so that the server compresses nothing while it serves. */
export function compress(): Plugin {
  return {
    name: 'sluice-compress',
    apply: 'build',
    closeBundle: {
      // The SDK's build writes its files before.
      order: 'post',
      sequential: true,
      async handler() {
        const names = await readdir(DIST, { recursive: true });
        await Promise.all(
          names.filter((name) => TEXTS.test(name)).map((name) => compressFile(join(DIST, name))),
        );
      },
    },
  };
}

async function compressFile(path: string): Promise<void> {
  const bytes = await readFile(path);
  await writeFile(`${path}.br`, await promisify(brotliCompress)(bytes));
  await writeFile(`${path}.gz`, await promisify(gzip)(bytes, { level: 9 }));
}
