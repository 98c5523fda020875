import { pino } from 'pino';

import { logFields, logMessage, readableLine, visible, type Fields } from './log-line.ts';
import { RepeatLimit } from './repeat-limit.ts';

/** Writes events of one role. It writes an `Error` among the fields without the error's own properties. */
export interface Logger {
  /** Logs planned events, and faults of a user's document or connection. */
  info(message: string, fields?: Fields): void;
  /** Logs a fault that Sluice repairs by itself. */
  warn(message: string, fields?: Fields): void;
  /** Logs a fault that an operator must look at. */
  error(message: string, fields?: Fields): void;
  /** Returns a logger whose lines all carry these fields, for example `{ job: id }`. */
  with(fields: Fields): Logger;
}

/** Receives the lines: standard error, or a test's own output. */
export interface LogOutput {
  isTTY?: boolean;
  write(line: string): unknown;
}

type Level = 'info' | 'warn' | 'error';

/**
 * Creates a logger that writes one JSON object a line to standard error, or a readable line to a terminal. Standard
 * output stays free for a command's own output. A line has at most 4,096 bytes, because a pipe that processes share
 * mixes longer ones.
 * @param role name of the writing role
 */
export function createLogger(role: string, output: LogOutput = process.stderr): Logger {
  const write = (line: string) => void output.write(visible(output.isTTY ? readableLine(line) : line));
  const lines = pino(
    {
      base: { role, pid: process.pid },
      messageKey: 'message',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
    },
    { write },
  );
  const repeats = new RepeatLimit((level: Level, message, leftOut) =>
    lines[level]({ left_out: leftOut }, message),
  );
  const logger = (bound: Fields): Logger => {
    const log = (level: Level, message: string, more: Fields = {}) => {
      const fields = { ...bound, ...more };
      // Does not limit a job's info lines, because a job ends once per run.
      const counts = level !== 'info' || fields['job'] === undefined;
      if (!counts || repeats.pass(level, message)) lines[level](logFields(fields), logMessage(message));
    };
    return {
      info: (message, fields) => log('info', message, fields),
      warn: (message, fields) => log('warn', message, fields),
      error: (message, fields) => log('error', message, fields),
      with: (fields) => logger({ ...bound, ...fields }),
    };
  };
  return logger({});
}
