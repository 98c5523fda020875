import { expect, it } from 'vitest';

import { checkCompoundFile } from '../../../../src/processor/parsers/legacy/compound-file.ts';
import { compoundFile, outlookMessage } from '../../../documents/formats/legacy/legacy-files.ts';
import { wordBinary } from '../../../documents/formats/legacy/word-binary.ts';
import { failure, useUploadFolder } from '../../../helpers/documents/parsed-upload.ts';

useUploadFolder();

const SECTOR = 512;
const END = 0xffff_fffe;
/** Places in the header. */
const AT = {
  tables: 44,
  directory: 48,
  smallTable: 60,
  smallTables: 64,
  firstList: 68,
  lists: 72,
  table: 76,
};
/** Places in an entry of the directory. */
const ENTRY = { bytes: 128, left: 68, child: 76, start: 116, size: 120 };

/** A file that a test damages. */
class Damaged {
  readonly bytes: Buffer<ArrayBuffer>;

  constructor(bytes: Buffer<ArrayBuffer>) {
    this.bytes = Buffer.from(bytes);
  }

  header(at: number): number {
    return this.bytes.readUInt32LE(at);
  }

  setHeader(at: number, value: number): this {
    this.bytes.writeUInt32LE(value, at);
    return this;
  }

  /** Sets what follows a sector in the table, or in the table of small sectors. */
  setNext(sector: number, next: number, table = this.header(AT.table)): this {
    this.bytes.writeUInt32LE(next, (table + 1) * SECTOR + sector * 4);
    return this;
  }

  /** Returns the place of an entry by its name. */
  entry(name: string): number {
    const at = this.bytes.indexOf(
      Buffer.from(`${name}\0`, 'utf16le'),
      (this.header(AT.directory) + 1) * SECTOR,
    );
    expect(at % ENTRY.bytes).toBe(0);
    return at;
  }

  field(name: string, field: number): number {
    return this.bytes.readUInt32LE(this.entry(name) + field);
  }

  setField(name: string, field: number, value: number): this {
    this.bytes.writeUInt32LE(value, this.entry(name) + field);
    return this;
  }

  /** Fills the header's list of tables. */
  fillTables(): this {
    for (let index = 1; index < 109; index++) this.setHeader(AT.table + index * 4, this.header(AT.table));
    return this;
  }

  /** Adds a sector of numbers. @returns its number */
  withSector(numbers: readonly number[]): Damaged {
    const sector = Buffer.alloc(SECTOR, 0xff);
    for (const [index, number] of numbers.entries()) sector.writeUInt32LE(number, index * 4);
    return new Damaged(Buffer.concat([this.bytes, sector]));
  }

  get lastSector(): number {
    return this.bytes.length / SECTOR - 2;
  }
}

const BODY = '__substg1.0_1000001F';
const SENDER = '__substg1.0_0C1A001F';
const SUBJECT = '__substg1.0_0037001F';
const message = () => new Damaged(outlookMessage({ subject: 'Subject', body: 'Long words. '.repeat(400) }));

const DAMAGES: Readonly<Record<string, () => Damaged>> = {
  'a stream that runs in a circle': () => {
    const file = message();
    const start = file.field(BODY, ENTRY.start);
    return file.setNext(start + 1, start);
  },
  'a small stream that runs in a circle': () => {
    const file = message();
    const start = file.field(SUBJECT, ENTRY.start);
    return file.setNext(start, start, file.header(AT.smallTable));
  },
  'a list of tables that runs in a circle': () => {
    const tables = 120;
    const file = message().withSector(Array.from({ length: 127 }, () => 0));
    const list = file.lastSector;
    file.bytes.writeUInt32LE(list, (list + 1) * SECTOR + 127 * 4);
    let long = file.fillTables();
    while (long.lastSector < tables) long = long.withSector([]);
    return long.setHeader(AT.tables, tables).setHeader(AT.firstList, list).setHeader(AT.lists, 1);
  },
  'a directory whose sectors run in a circle': () => {
    const file = message();
    const start = file.header(AT.directory);
    return file.setNext(start, start);
  },
  'an entry that is its own neighbour': () => {
    const file = message();
    const number = (file.entry(BODY) - (file.header(AT.directory) + 1) * SECTOR) / ENTRY.bytes;
    return file.setField(BODY, ENTRY.left, number);
  },
  'a table of small sectors that runs in a circle': () => {
    const file = message();
    const start = file.header(AT.smallTable);
    return file.setNext(start, start);
  },
  'small sectors that run in a circle': () => {
    const file = message();
    const start = file.field('Root Entry', ENTRY.start);
    return file.setNext(start, start);
  },
  'a stream that is larger than the file': () => message().setField(BODY, ENTRY.size, 0x7000_0000),
  'small streams that share their sectors': () => {
    const file = message();
    return file.setField(SENDER, ENTRY.start, file.field(SUBJECT, ENTRY.start));
  },
  'more tables than sectors': () => message().fillTables().setHeader(AT.tables, 0x7fff_ffff),
  'more tables than it lists': () => message().setHeader(AT.tables, 2),
  'more lists of tables than it has': () => message().setHeader(AT.lists, 1),
  'a table beyond the end': () => message().setHeader(AT.table, 0x00ff_ffff),
  'fewer tables of small sectors than it claims': () => message().setHeader(AT.smallTables, 0x7fff_ffff),
  'no table of small sectors, but one claimed': () => message().setHeader(AT.smallTable, 0xffff_ffff),
  'a directory that is nowhere': () => message().setHeader(AT.directory, END),
};

it.each(Object.entries(DAMAGES))('%s is damage', async (_, damaged) => {
  const { bytes } = damaged();
  expect(() => checkCompoundFile(bytes)).toThrow();
  expect(await failure(bytes, 'a.msg')).toBe('corrupt');
});

it('large streams that share sectors are read, because some programs write such workbooks', () => {
  const file = new Damaged(compoundFile({ One: Buffer.alloc(4096), Two: Buffer.alloc(4096) }));
  checkCompoundFile(file.setField('Two', ENTRY.start, file.field('One', ENTRY.start)).bytes);
});

it('whole files are not damaged', () => {
  checkCompoundFile(message().bytes);
  checkCompoundFile(wordBinary('words\r'));
  checkCompoundFile(
    compoundFile({ Large: Buffer.alloc(8_000_000), Small: Buffer.alloc(100), Empty: Buffer.alloc(0) }),
  );
});

it('a Word document whose streams run in a circle is damaged, too', async () => {
  const file = new Damaged(wordBinary('words\r'));
  const start = file.field('WordDocument', ENTRY.start);
  expect(await failure(file.setNext(start + 1, start).bytes, 'a.doc')).toBe('corrupt');
});
