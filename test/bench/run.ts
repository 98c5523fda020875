import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

// Raises the limits, because one bench client sends as much as thousands.
Object.assign(process.env, {
  MAX_REQUESTS_PER_SECOND: '1000000',
  MAX_BYTES_PER_MINUTE: String(2 ** 50),
  MAX_OPEN_UPLOADS: '100000',
  MAX_SOCKETS: '100000',
  MAX_LIVE_JOBS: '10000000',
});

/** `npm run bench -- NAME`: each file of this folder named `bench-NAME.ts` is one, and prints its own table. */
const [name = ''] = process.argv.slice(2);
const path = join(import.meta.dirname, `bench-${name}.ts`);
if (!existsSync(path)) {
  const names = readdirSync(import.meta.dirname).flatMap((file) => /^bench-(\w+)\.ts$/.exec(file)?.[1] ?? []);
  console.error(`Which one? npm run bench -- ${names.join(' | ')}`);
  process.exit(1);
}
const { bench } = (await import(path)) as { bench: () => Promise<void> };
await bench();
process.exit(0);
