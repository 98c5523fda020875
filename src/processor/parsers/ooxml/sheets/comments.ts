import { commentText } from '../../blocks/comment-text.ts';
import type { Archive } from '../../markup/archive.ts';
import { elementsIn, ownText, type XmlElement } from '../../markup/xml-element.ts';
import type { Relations } from '../relations.ts';
import { parseRange } from './cell-range.ts';
import { richText } from './shared-strings.ts';

const NOTES = new Set(['s:author', 's:comment']);
const THREADED = new Set(['xltc:threadedComment']);
const PERSON = new Set(['xltc:person']);
/** Author of a note that older programs show in place of a threaded comment. */
const STAND_IN = /^tc=/;
/** Matches the words of a stand-in before those of the comment. */
const STAND_IN_HEAD = /^[^]*?\nComment:\s*/;

/** A comment on a cell. Rows and columns count from 0. */
interface CellComment {
  row: number;
  column: number;
  /** Its words, with its author and its cell. */
  text: string;
}

/** Returns the names of the people who comment, by their ids. */
export function commentAuthors(path: string, archive: Archive): Map<string, string> {
  return new Map(
    Array.from(archive.trees(path, PERSON), ({ attributes }) => [
      attributes.get('id') ?? '',
      attributes.get('displayName') ?? '',
    ]),
  );
}

/** Reads the comments of a sheet in the order of their cells. */
export function cellComments(
  relations: Relations,
  people: ReadonlyMap<string, string>,
  archive: Archive,
): CellComment[] {
  const related = [...relations.values()];
  const hasThreads = related.some(({ kind, path }) => kind === 'threadedComment' && archive.bytes(path));
  const found = related.flatMap(({ kind, path }) => {
    if (kind === 'comments') return notesIn(archive.trees(path, NOTES), hasThreads);
    return kind === 'threadedComment' ? threadedIn(archive.trees(path, THREADED), people) : [];
  });
  return found.toSorted((a, b) => a.row - b.row || a.column - b.column);
}

function notesIn(notes: Iterable<XmlElement>, hasThreads: boolean): CellComment[] {
  const authors: string[] = [];
  const comments: CellComment[] = [];
  for (const element of notes) {
    if (element.name === 's:author') authors.push(ownText(element).trim());
    else {
      const author = authors[Number(element.attributes.get('authorId'))] ?? '';
      const text = elementsIn(element, 's:text').map(richText).join('').trim();
      // Excel begins a new note with the author's name.
      const words = author !== '' && text.startsWith(`${author}:`) ? text.slice(author.length + 1) : text;
      if (STAND_IN.test(author)) {
        if (!hasThreads) comments.push(...commentOn(element, '', text.replace(STAND_IN_HEAD, '')));
      } else comments.push(...commentOn(element, author, words));
    }
  }
  return comments;
}

function threadedIn(comments: Iterable<XmlElement>, people: ReadonlyMap<string, string>): CellComment[] {
  return [...comments].flatMap((comment) => {
    const author = people.get(comment.attributes.get('personId') ?? '') ?? '';
    return commentOn(comment, author, elementsIn(comment, 'xltc:text').map(ownText).join(' '));
  });
}

function commentOn({ attributes }: XmlElement, author: string, words: string): CellComment[] {
  const reference = attributes.get('ref') ?? '';
  const place = parseRange(reference);
  if (!place || words.trim() === '') return [];
  return [{ row: place.row, column: place.column, text: commentText(author, words, reference) }];
}
