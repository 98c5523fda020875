import { inspect } from 'node:util';

/** Values that go with a log line; an `Error` under `error` is written with its stack. */
export type Fields = Record<string, unknown>;

export interface Logger {
  info(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
  error(message: string, fields?: Fields): void;
}

function text(value: unknown): string {
  if (value instanceof Error) return inspect(value);
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/**
 * A logger that writes one event a line to standard error: time, level, who, what, then `name=value` pairs.
 * Standard output stays free for what a person asked to see.
 * @param name who speaks: the role
 */
export function createLogger(name: string): Logger {
  const write = (level: string, message: string, fields: Fields = {}) => {
    const pairs = Object.entries(fields)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => ` ${key}=${text(value)}`);
    process.stderr.write(`${new Date().toISOString()} ${level} ${name}: ${message}${pairs.join('')}\n`);
  };
  return {
    info: (message, fields) => write('info', message, fields),
    warn: (message, fields) => write('warn', message, fields),
    error: (message, fields) => write('error', message, fields),
  };
}
