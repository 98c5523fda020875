import { ProcessorError } from '../../../errors.ts';
import type { Block, ContentBlock } from '../../blocks/block.ts';
import type { Reading } from '../../blocks/reading.ts';
import { sheetPages } from '../../blocks/sheet-pages.ts';
import { sheetTables, type MarkedTable } from '../../blocks/sheet-tables.ts';
import { openArchive, type Archive } from '../../markup/archive.ts';
import { elementAt, elementsIn, isSet, type XmlElement } from '../../markup/xml-element.ts';
import { folderOf, mainPart, pathsOf, relationsOf, type Relations } from '../relations.ts';
import { parseRange } from './cell-range.ts';
import { cellComments, commentAuthors } from './comments.ts';
import { numberStyles } from './number-styles.ts';
import { sharedStrings } from './shared-strings.ts';
import { readSheet, SHEET_PARTS } from './sheet.ts';
import { CellReader } from './sheet-cells.ts';
import { drawingBlocks } from './sheet-drawing.ts';

/** Parts with words, but not those of other workbooks. */
const WANTED = /^(?!xl\/(?:pivotCache|externalLinks|revisions)\/).*\.(?:xml|rels)$/i;
const WORKSHEET = /^xl\/worksheets\/[^/]+\.xml$/i;
const TABLE = new Set(['s:table']);

/** A sheet as the workbook lists it. */
interface SheetEntry {
  name: string;
  path: string;
  isHidden: boolean;
}

/** Parts and limits that the sheets of a workbook share. */
interface Workbook {
  archive: Archive;
  reading: Reading;
  cells: CellReader;
  /** Names of those who comment, by their ids. */
  people: ReadonlyMap<string, string>;
  /** Drawings that a sheet already holds. Each belongs to one sheet only. */
  placed: Set<string>;
}

/** Reads a workbook. Its sheets are its pages, in the order in which it shows them. */
export function* readWorkbook(bytes: Buffer, reading: Reading): Generator<Block> {
  const archive = openArchive(bytes, (path) => WANTED.test(path), reading);
  const path = mainPart(archive) ?? 'xl/workbook.xml';
  const root = archive.tree(path);
  if (!root) throw new ProcessorError('corrupt');
  const relations = relationsOf(path, archive);
  const sheets = sheetEntries(root, relations, archive);
  const workbook = openWorkbook(root, folderOf(path), relations, archive, reading);
  yield* sheetPages(sheets, (sheet) => sheetBlocks(sheet, workbook), reading);
}

function sheetEntries(workbook: XmlElement, relations: Relations, archive: Archive): SheetEntry[] {
  const entries = elementsIn(elementAt(workbook, 's:sheets'), 's:sheet').map(({ attributes }) => ({
    name: attributes.get('name') ?? '',
    path: relations.get(attributes.get('r:id') ?? '')?.path ?? '',
    isHidden: /hidden$/i.test(attributes.get('state') ?? ''),
  }));
  const found = entries.filter(({ path }) => archive.bytes(path));
  if (found.length > 0) return found;
  const parts = archive.paths.filter((path) => WORKSHEET.test(path));
  return parts.map((path) => ({ name: '', path, isHidden: false }));
}

/** @param folder of the workbook. Parts without a relationship have their usual names there. */
function openWorkbook(
  workbook: XmlElement,
  folder: string,
  relations: Relations,
  archive: Archive,
  reading: Reading,
): Workbook {
  const partOf = (kind: string) => {
    const [related = ''] = pathsOf(kind, relations);
    return archive.bytes(related) ? related : `${folder}${kind}.xml`;
  };
  const cells = new CellReader(
    sharedStrings(partOf('sharedStrings'), archive),
    numberStyles(partOf('styles'), archive),
    isSet(elementAt(workbook, 's:workbookPr'), 'date1904'),
  );
  const people = commentAuthors(partOf('person'), archive);
  return { archive, reading, cells, people, placed: new Set() };
}

/** Reads the cells of a sheet, what lies over them, and the comments on those that show. */
function* sheetBlocks({ path }: SheetEntry, workbook: Workbook): Generator<ContentBlock> {
  const { archive, reading, cells, people, placed } = workbook;
  const relations = relationsOf(path, archive);
  const sheet = readSheet(archive.trees(path, SHEET_PARTS), cells, reading);
  const tables = sheet.tables.flatMap((id) => markedTables(relations.get(id)?.path ?? '', archive));
  yield* sheetTables(sheet.rows, tables);
  for (const id of sheet.drawings) {
    const drawing = relations.get(id)?.path;
    if (drawing === undefined || placed.has(drawing)) continue;
    placed.add(drawing);
    yield* drawingBlocks(drawing, archive, reading);
  }
  for (const { row, column, text } of cellComments(relations, people, archive)) {
    if (!sheet.leavesOut(row, column)) yield { type: 'paragraph', text };
  }
}

function markedTables(path: string, archive: Archive): MarkedTable[] {
  return [...archive.trees(path, TABLE)].flatMap(({ attributes }) => {
    const range = parseRange(attributes.get('ref') ?? '');
    return range && attributes.get('headerRowCount') !== '0' ? [range] : [];
  });
}
