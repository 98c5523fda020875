/** Values that go with a log line. */
export type Fields = Record<string, unknown>;

/** Most bytes of JSON. With the line's own names a line stays below 4,096 bytes, which a pipe writes in one piece. */
const MESSAGE_BYTES = 2000;
const FIELDS_BYTES = 1700;
const TEXT_BYTES = 800;
/** Below this, a cut leaves no more than an ellipsis. */
const SMALLEST_CUT = 8;
const MOST_FIELDS = 20;
const MOST_CAUSES = 3;
const MOST_FRAMES = 6;

/** Cuts a message to the bytes that a line can hold. */
export function logMessage(message: string): string {
  return cut(message, MESSAGE_BYTES);
}

/** Bounds the fields of a line, and turns errors into plain objects. */
export function logFields(fields: Fields): Fields {
  let left = FIELDS_BYTES;
  const bounded = (value: unknown): unknown => {
    const json = typeof value === 'string' ? undefined : toJson(value);
    const most = Math.min(TEXT_BYTES, left);
    const kept = json === undefined || json.length > most ? cut(json ?? toText(value), most) : value;
    left = Math.max(0, left - Buffer.byteLength(visible(JSON.stringify(kept))));
    return kept;
  };
  const lines: Fields = {};
  for (const [name, value] of Object.entries(fields).slice(0, MOST_FIELDS)) {
    if (value instanceof Error)
      lines[name] = Object.fromEntries(Object.entries(describe(value)).map(([key, v]) => [key, bounded(v)]));
    else if (value !== undefined) lines[name] = bounded(value);
  }
  return lines;
}

/**
 * Describes an error by its name, code, message and causes. It leaves out other properties, because ioredis' errors
 * hold their whole command, for example a script of 10 KB. An error with a code is foreseen and needs no stack.
 */
function describe(error: Error): Record<string, string> {
  const { code, cause } = error as NodeJS.ErrnoException;
  const foreseen = code !== undefined || error.name === 'ReplyError';
  const causes: string[] = [];
  // Reads only the causes that it writes, because an error may be its own cause.
  for (const next of causesOf(cause)) if (causes.push(brief(next)) === MOST_CAUSES) break;
  const frames = error.stack?.match(/^ {4}at .*$/gm)?.slice(0, MOST_FRAMES);
  return {
    type: error.name,
    ...(code !== undefined && { code }),
    message: error.message,
    ...(causes.length > 0 && { cause: causes.join(' < ') }),
    ...(!foreseen && frames && { stack: frames.map((frame) => frame.trim()).join('\n') }),
  };
}

/** @returns `undefined` for a value that JSON cannot hold, such as a function or a circular object */
function toJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

/** Returns a value's text, or its type if it has no text, as an object without a prototype. */
function toText(value: unknown): string {
  try {
    return String(value);
  } catch {
    return typeof value;
  }
}

function* causesOf(cause: unknown): Generator<unknown, void> {
  for (let next = cause; next !== undefined; next = next instanceof Error ? next.cause : undefined) {
    yield next;
    // Node tries each address of a name, and keeps one error per address.
    if (next instanceof AggregateError) yield* next.errors;
  }
}

function brief(cause: unknown): string {
  if (!(cause instanceof Error)) return toText(cause);
  const { code, name, message } = cause as NodeJS.ErrnoException;
  return code === undefined || message.includes(code) ? `${name}: ${message}` : `${name} ${code}: ${message}`;
}

/** Cuts text between characters. @param bytes most bytes of the result, as JSON */
function cut(text: string, bytes: number): string {
  if (bytes < SMALLEST_CUT) return '';
  let kept = text.toWellFormed();
  for (let size = jsonBytes(kept); size > bytes + 2; size = jsonBytes(kept))
    kept = `${kept.slice(0, Math.floor((kept.length - 1) * (bytes / size))).replace(/[\ud800-\udbff]$/, '')}…`;
  return kept;
}

function jsonBytes(text: string): number {
  return Buffer.byteLength(visible(JSON.stringify(text)));
}

/** Formats a line of JSON for a person at a terminal. */
export function readableLine(line: string): string {
  const { time, level, role, message, pid: _, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const pairs = Object.entries(fields).map(([name, value]) => ` ${name}=${readable(value)}`);
  // Indents the further lines of a message, so that no line begins with foreign text.
  const words = String(message).trimEnd().replaceAll('\n', '\n    ');
  return `${String(time)} ${String(level)} ${String(role)}: ${words}${pairs.join('')}\n`;
}

function readable(value: unknown): string {
  return typeof value === 'string' && /^[\w.:/+@-]+$/.test(value) ? value : JSON.stringify(value);
}

/** Escapes characters that move a terminal's cursor, change its writing direction or end a line early. */
export function visible(line: string): string {
  return line.replaceAll(
    // oxlint-disable-next-line no-control-regex -- the function escapes control characters
    /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
