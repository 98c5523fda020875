import type { Archive } from '../markup/archive.ts';
import { visitMarkup, type Tag } from '../markup/markup-tags.ts';
import { localName } from '../markup/xml-element.ts';

const CONTAINER = 'META-INF/container.xml';
const PACKAGE = /\.opf$/i;
const PAGE = /\.(?:x?html?|xht)$/i;
const PAGE_TYPE = /html|svg/i;
/** Matches the name of a page that is a drawing, as in comics and books for children. The archive may lack it. */
export const DRAWING = /\.svg$/i;

/** A file of a book. */
interface Item {
  path: string;
  isPage: boolean;
}

/**
 * Returns the paths of a book's pages in reading order. If the package of the book names none of its files, all pages
 * count, in the order of their names.
 */
export function readingOrder(archive: Archive): string[] {
  const found = packagePaths(archive).flatMap((path) => [...spine(path, archive)]);
  return found.length > 0
    ? [...new Set(found)]
    : archive.paths
        .filter((path) => PAGE.test(path))
        .toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}

function packagePaths(archive: Archive): string[] {
  const paths: string[] = [];
  visit(archive.text(CONTAINER) ?? '', (name, attributes) => {
    if (name === 'rootfile') paths.push(attributes.get('full-path') ?? '');
  });
  const [named] = paths.filter((path) => archive.bytes(path) !== undefined);
  return named === undefined ? archive.paths.filter((path) => PACKAGE.test(path)).slice(0, 1) : [named];
}

/** Yields the paths of the pages that a package puts in order, those beside the main order included. */
function* spine(packagePath: string, archive: Archive): Generator<string> {
  const items = new Map<string, Item>();
  const order: string[] = [];
  visit(archive.text(packagePath) ?? '', (name, attributes) => {
    if (name === 'itemref') order.push(attributes.get('idref') ?? '');
    if (name !== 'item') return;
    items.set(attributes.get('id') ?? '', {
      path: resolved(packagePath, attributes.get('href') ?? ''),
      isPage: PAGE_TYPE.test(attributes.get('media-type') ?? ''),
    });
  });
  for (const id of order) {
    const item = items.get(id);
    if (item?.isPage && (DRAWING.test(item.path) || archive.bytes(item.path) !== undefined)) yield item.path;
  }
}

/** Visits the elements of XML by their local names. */
function visit(xml: string, take: (name: string, attributes: ReadonlyMap<string, string>) => void): void {
  const tag = ({ kind, name, attributes }: Tag) => {
    if (kind !== 'closes') take(localName(name), attributes);
  };
  visitMarkup(xml, { tag }, true);
}

/** Returns the path of a file that a package names by its address, seen from the package. */
function resolved(packagePath: string, address: string): string {
  const path: string[] = packagePath.split('/').slice(0, -1);
  for (const part of decoded(address.replace(/[?#].*$/s, '')).split('/')) {
    if (part === '..') path.pop();
    else if (part !== '.' && part !== '') path.push(part);
  }
  return path.join('/');
}

function decoded(address: string): string {
  try {
    return decodeURIComponent(address);
  } catch {
    return address;
  }
}
