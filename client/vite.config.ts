import { join } from 'node:path';
import { defineConfig } from 'vite';

import { sdk } from './build/sdk.ts';

export default defineConfig({
  root: import.meta.dirname,
  // Relative, because a proxy may serve the page below a path prefix.
  base: './',
  plugins: [sdk()],
  cacheDir: '../node_modules/.vite/client',
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    rolldownOptions: { input: ['index.html', 'docs.html'].map((page) => join(import.meta.dirname, page)) },
    // The page's content policy allows only files of its own host: nothing may become a data: URL.
    assetsInlineLimit: 0,
  },
});
