import { commentText } from '../../blocks/comment-text.ts';
import type { Archive } from '../../markup/archive.ts';
import { elementAt, elementsIn, ownText, type XmlElement } from '../../markup/xml-element.ts';
import { drawingTexts } from '../drawing-text.ts';
import { pathsOf, type Relations } from '../relations.ts';

const COMMENT = new Set(['p:cm', 'p188:cm']);
const AUTHOR = new Set(['p:cmAuthor', 'p188:author']);

/** Reads the names of the authors of comments by their ids. Older and newer comments have lists of their own. */
export function slideAuthors(relations: Relations, archive: Archive): Map<string, string> {
  const lists = [...relations.values()].filter(({ kind }) => kind === 'commentAuthors' || kind === 'authors');
  const authors = lists.flatMap(({ path }) => [...archive.trees(path, AUTHOR)]);
  return new Map(authors.map(({ attributes }) => [attributes.get('id') ?? '', attributes.get('name') ?? '']));
}

/** Reads the comments on a slide, each with its author. */
export function slideComments(
  relations: Relations,
  authors: ReadonlyMap<string, string>,
  archive: Archive,
): string[] {
  const written = (comment: XmlElement, words: string) =>
    words.trim() === ''
      ? []
      : [commentText(authors.get(comment.attributes.get('authorId') ?? '') ?? '', words)];
  return pathsOf('comments', relations)
    .flatMap((path) => [...archive.trees(path, COMMENT)])
    .flatMap((comment) => {
      const texts = [comment, ...elementsIn(elementAt(comment, 'p188:replyLst'), 'p188:reply')];
      return texts.flatMap((text) => written(text, wordsOf(text)));
    });
}

function wordsOf(comment: XmlElement): string {
  const body = elementAt(comment, 'p188:txBody');
  return body ? drawingTexts(body).join('\n') : elementsIn(comment, 'p:text').map(ownText).join('\n');
}
