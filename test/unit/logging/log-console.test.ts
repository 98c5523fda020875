import { afterEach, expect, test } from 'vitest';

import { logConsole } from '../../../src/logging/log-process-faults.ts';
import { createLogger } from '../../../src/logging/logger.ts';

const methods = { ...console };
afterEach(() => {
  Object.assign(console, methods);
});

test('what a library prints becomes a line of the log', () => {
  const lines: string[] = [];
  logConsole(createLogger('api', { write: (line) => lines.push(line) }));
  console.warn('Skipping the check:\n%s', 'NOPERM');
  expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
    { level: 'warn', role: 'api', message: 'a library reports', text: 'Skipping the check:\nNOPERM' },
  ]);
});
