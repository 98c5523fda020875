import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Adds the password of an embedded Redis to its address, as an operator finds it.
 * @param url as the banner shows it
 */
export function withPassword(url: string, dataDir: string): string {
  const file = join(dataDir, 'redis/redis.conf');
  const password = existsSync(file)
    ? /^requirepass (\S+)$/m.exec(readFileSync(file, 'utf8'))?.[1]
    : undefined;
  return password === undefined ? url : url.replace('//', `//default:${password}@`);
}
