import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import type { Plugin } from 'vite';

const PACKAGE = join(import.meta.dirname, '../../node_modules/pdfjs-dist');
const DIST = join(import.meta.dirname, '../dist/pdf');

/** Copies what pdf.js fetches while it draws: character maps, the standard fonts, and decoders without WebAssembly. */
export function pdfData(): Plugin {
  return {
    name: 'sluice-pdf-data',
    apply: 'build',
    async closeBundle() {
      for (const folder of ['cmaps', 'standard_fonts', 'iccs'])
        await cp(join(PACKAGE, folder), join(DIST, folder), { recursive: true });
      // The content policy allows no WebAssembly.
      await cp(join(PACKAGE, 'wasm'), join(DIST, 'wasm'), {
        recursive: true,
        filter: (source) => !source.endsWith('.wasm'),
      });
    },
  };
}
