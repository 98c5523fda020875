import { notebookMarkdown } from './notebook.ts';
import { segments, type SegmentEvent } from '../segments.ts';

const INDENT = '  ';
/** Deepest indent. Beyond it the blanks would be most of the text. */
const MAX_INDENT = 20;
/**
 * Largest growth of a text by line breaks and indents, as a factor. Data at a depth of 4 doubles. 5 million brackets grew
 * 42 times.
 */
const MAX_GROWTH = 4;
/** Short texts may grow by this many characters more, because they cost nothing. */
const FREE_GROWTH_CHARS = 4096;
/** Longest text to set in lines. A longer one is data rather than a document. */
const MAX_PRETTY_CHARS = 5_000_000;

/**
 * Reads JSON as text with a line for each value, and a notebook as Markdown. Text that is not one whole JSON value stays
 * unchanged.
 */
export function* jsonSegments(text: string): Generator<SegmentEvent> {
  const json = text.length <= MAX_PRETTY_CHARS ? parsed(text) : undefined;
  const notebook = notebookMarkdown(json);
  if (notebook !== undefined) yield* segments(notebook);
  else yield { type: 'segment', text: json === undefined ? text : prettyJson(text) };
}

/** Parses JSON. Returns undefined, which no JSON means, if the text is not one whole value. */
function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

/**
 * Splits JSON into lines, indented by depth unless the blanks would be most of the text. It keeps values to the letter,
 * because parsing and printing would change numbers. It decodes only the `\u` codes of strings.
 */
function prettyJson(json: string): string {
  const most = MAX_GROWTH * json.length + FREE_GROWTH_CHARS;
  // A token adds at most one line break or blank, so the text without indents at most doubles.
  return inLines(json, INDENT, most) ?? inLines(json, '', Infinity) ?? json;
}

/** @returns `undefined` if the lines have more than `most` characters */
function inLines(json: string, indent: string, most: number): string | undefined {
  let pretty = '';
  let depth = 0;
  let previous = '';
  for (const token of tokens(json)) {
    const opened = previous === '{' || previous === '[';
    const closes = token === '}' || token === ']';
    if (closes) depth--;
    if (previous === ',' || opened !== closes) pretty += `\n${indent.repeat(Math.min(depth, MAX_INDENT))}`;
    pretty += token === ':' ? ': ' : token;
    if (token === '{' || token === '[') depth++;
    previous = token;
    if (pretty.length > most) return undefined;
  }
  return pretty;
}

/** Lists the strings, other values and signs of JSON in order. */
function* tokens(json: string): Generator<string> {
  const token = /[{}[\],:]|[^\s{}[\],:"]+|"/g;
  for (let match; (match = token.exec(json));) {
    if (match[0] !== '"') {
      yield match[0];
      continue;
    }
    const end = stringEnd(json, match.index);
    const literal = json.slice(match.index, end);
    yield literal.includes('\\u') ? JSON.stringify(JSON.parse(literal)) : literal;
    token.lastIndex = end;
  }
}

/** Returns the end of the string that begins at `start`. */
function stringEnd(json: string, start: number): number {
  for (let at = start + 1; at < json.length; at++) {
    if (json[at] === '\\') at++;
    else if (json[at] === '"') return at + 1;
  }
  return json.length;
}
