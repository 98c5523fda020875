import { globSync, readFileSync } from 'node:fs';
import { sep } from 'node:path';

import { forbiddenNames } from './forbidden-names.ts';

// Part of `npm run check`: fails on forbidden names of the project's own files.
const files = globSync('{src,client,test}/**/*.{ts,tsx,mjs,lua}', {
  exclude: ['**/node_modules', 'client/dist'],
}).map((file) => file.replaceAll(sep, '/'));
if (files.length === 0) throw new Error('run this in the root of the project');
const found = files.flatMap((file) =>
  forbiddenNames(file, readFileSync(file, 'utf8')).map(
    ({ line, name, instead }) => `${file}:${line}: the name ${name} is forbidden; say ${instead}`,
  ),
);
for (const fault of found) console.error(fault);
if (found.length > 0) process.exitCode = 1;
