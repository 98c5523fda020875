import { globSync } from 'node:fs';

/** Most files of a folder on one floor. More means a room inside. */
const MOST_FILES = 15;
/** The scripts are one a transition, and their registry lists them. */
const SCRIPTS = 'src/jobs/transitions/lua';

// Part of `npm run check`: fails on a folder with too many files.
const files = globSync('{src,client,test}/**/*', {
  exclude: ['**/node_modules', 'client/dist'],
  withFileTypes: true,
}).filter((entry) => entry.isFile());
if (files.length === 0) throw new Error('run this in the root of the project');
for (const [folder, { length }] of Map.groupBy(files, ({ parentPath }) => parentPath)) {
  if (length <= MOST_FILES || folder === SCRIPTS) continue;
  console.error(`${folder}: ${length} files, at most ${MOST_FILES}: make a room for some of them`);
  process.exitCode = 1;
}
