// Checks Chroma's database, then runs Chroma's command line. Chroma alone starts on a damaged database, and fails
// later.
// Arguments: the database, Chroma's program, its arguments.
import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

/** Throws for the first damaged table. */
function check(path: string): void {
  const database = new DatabaseSync(path);
  try {
    // Checks each ordinary table by itself. A check of the whole full-text index takes eight times as long.
    const tables = database
      .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'")
      .all();
    for (const { name } of tables) {
      const found = database.prepare(`PRAGMA quick_check("${String(name)}")`).get()?.['quick_check'];
      if (found !== 'ok') throw new Error(String(found));
    }
  } finally {
    database.close();
  }
}

const [node = '', , database = '', program = '', ...args] = process.argv;
try {
  if (existsSync(database)) check(database);
} catch (error) {
  process.stderr.write(
    `error: ${database} cannot be read: ${(error as Error).message.replaceAll(/\s+/g, ' ')}\n`,
  );
  process.exit(1);
}
process.argv = [node, program, ...args];
await import(program);
