import { join } from 'node:path';
import { defineConfig } from 'vite';

import { compress } from './build/compress.ts';
import { pdfData } from './build/pdf-data.ts';
import { sdk } from './build/sdk.ts';

export default defineConfig({
  root: import.meta.dirname,
  // Relative, because a proxy may serve the page below a path prefix.
  base: './',
  plugins: [pdfData(), sdk(), compress()],
  cacheDir: '../node_modules/.vite/client',
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2024',
    rolldownOptions: { input: ['index.html', 'docs.html'].map((page) => join(import.meta.dirname, page)) },
    // The page's content policy allows only files of its own host: nothing may become a data: URL.
    assetsInlineLimit: 0,
    // The worker of pdf.js has 1.2 MB. The browser fetches it with the first PDF.
    chunkSizeWarningLimit: 1500,
  },
});
