/** Places in the header, in bytes. */
const HEADER = {
  sectorPower: 30,
  smallPower: 32,
  tables: 44,
  directory: 48,
  smallLimit: 56,
  smallTable: 60,
  smallTables: 64,
  firstList: 68,
  lists: 72,
  tableList: 76,
};
/** Tables of sectors that the header lists itself. */
const TABLES_IN_HEADER = 109;
const SECTOR_BYTES = [512, 4096];
/** Size of a small sector, and the stream size from which a stream has sectors of its own. The format fixes both. */
const SMALL_POWER = 6;
const SMALL_LIMIT = 4096;
/** Numbers from here on name no sector: they end a chain, or mark a free one. */
const END = 0xffff_fffa;
const NO_ENTRY = 0xffff_ffff;

/** An entry of the directory. Its name does not matter here. */
const ENTRY = { bytes: 128, type: 66, left: 68, right: 72, child: 76, start: 116, size: 120 };
const STORAGE = 1;
const STREAM = 2;
const ROOT = 5;
const NO_TREE = 'the directory of a compound file is no tree';
const TOO_MANY_TABLES = 'a compound file claims tables of sectors that it does not have';

/**
 * Checks that each chain of sectors in an OLE compound file ends, and that its streams fit into the file. The libraries
 * follow endless chains, and allocate any size that the file claims. Chains may share sectors, because some programs write
 * such workbooks. Only small ones may not, because a reader follows each of them to its end.
 * @throws if the file is damaged
 */
export function checkCompoundFile(bytes: Buffer): void {
  const sectorBytes = 2 ** bytes.readUInt16LE(HEADER.sectorPower);
  const isUsual =
    SECTOR_BYTES.includes(sectorBytes) &&
    bytes.readUInt16LE(HEADER.smallPower) === SMALL_POWER &&
    bytes.readUInt32LE(HEADER.smallLimit) === SMALL_LIMIT;
  if (!isUsual) throw new Error('a compound file has sectors of unknown sizes');
  const perSector = sectorBytes / 4;
  const numberAt = (sector: number, index: number) =>
    bytes.readUInt32LE((sector + 1) * sectorBytes + index * 4);
  /** Finds the sector that follows another in a table. Libraries take a missing entry for the end of a chain. */
  const nextBy = (table: readonly number[]) => (sector: number) => {
    const part = table[Math.floor(sector / perSector)];
    return part === undefined ? END : numberAt(part, sector % perSector);
  };

  const tables = tablesOf(bytes, Math.ceil(bytes.length / sectorBytes) - 1, (list) =>
    Array.from({ length: perSector }, (_, index) => numberAt(list, index)),
  );
  const ended = new Set<number>();
  const usedSmall = new Set<number>();
  const follow = (start: number) => {
    const sectors = [...chain(start, nextBy(tables), ended)];
    for (const sector of sectors) ended.add(sector);
    return sectors;
  };
  const smallTable = follow(bytes.readUInt32LE(HEADER.smallTable));
  if (smallTable.length < bytes.readUInt32LE(HEADER.smallTables)) throw new Error(TOO_MANY_TABLES);
  const directory = follow(bytes.readUInt32LE(HEADER.directory));
  let left = bytes.length;
  for (const { type, start, size } of entriesOf(bytes, directory, sectorBytes)) {
    if (type === ROOT) follow(start);
    if (type !== STREAM || size === 0) continue;
    if (size >= SMALL_LIMIT) follow(start);
    else {
      for (const sector of chain(start, nextBy(smallTable))) {
        if (usedSmall.has(sector)) throw new Error('two streams of a compound file share a sector');
        usedSmall.add(sector);
      }
    }
    left -= size;
    if (left < 0) throw new Error('the streams of a compound file claim more bytes than it has');
  }
}

/** Returns the sectors of the table of all chains. @param numbersIn reads a sector */
function tablesOf(bytes: Buffer, sectors: number, numbersIn: (sector: number) => number[]): number[] {
  const count = bytes.readUInt32LE(HEADER.tables);
  const lists = bytes.readUInt32LE(HEADER.lists);
  const tables = Array.from({ length: TABLES_IN_HEADER }, (_, index) =>
    bytes.readUInt32LE(HEADER.tableList + index * 4),
  );
  const nextList = (list: number) => numbersIn(list).at(-1) ?? END;
  const found = lists === 0 ? [] : [...chain(bytes.readUInt32LE(HEADER.firstList), nextList)];
  for (const list of found) tables.push(...numbersIn(list).slice(0, -1));
  const used = tables.slice(0, count);
  const areThere = used.length === count && used.every((sector) => sector < sectors);
  if (found.length < lists || !areThere) throw new Error(TOO_MANY_TABLES);
  return used;
}

/** Yields the sectors of a chain. @param ended sectors from which the chain is known to end; it stops there */
function* chain(
  start: number,
  next: (sector: number) => number,
  ended: ReadonlySet<number> = new Set(),
): Generator<number> {
  const passed = new Set<number>();
  for (let sector = start; sector < END && !ended.has(sector); sector = next(sector)) {
    if (passed.has(sector)) throw new Error('a chain of sectors in a compound file has no end');
    passed.add(sector);
    yield sector;
  }
}

interface Entry {
  type: number;
  start: number;
  size: number;
}

/** Yields the entries that the root leads to, the root first. */
function* entriesOf(bytes: Buffer, directory: readonly number[], sectorBytes: number): Generator<Entry> {
  const perSector = sectorBytes / ENTRY.bytes;
  const seen = new Set<number>();
  const waiting = [0];
  for (let index; (index = waiting.pop()) !== undefined;) {
    const sector = directory[Math.floor(index / perSector)];
    if (sector === undefined || seen.has(index)) throw new Error(NO_TREE);
    seen.add(index);
    const at = (sector + 1) * sectorBytes + (index % perSector) * ENTRY.bytes;
    const type = bytes.readUInt8(at + ENTRY.type);
    if ((type === ROOT) !== (index === 0)) throw new Error(NO_TREE);
    const links = index === 0 ? [] : [ENTRY.left, ENTRY.right];
    if (type === ROOT || type === STORAGE) links.push(ENTRY.child);
    waiting.push(...links.map((link) => bytes.readUInt32LE(at + link)).filter((link) => link !== NO_ENTRY));
    yield { type, start: bytes.readUInt32LE(at + ENTRY.start), size: bytes.readUInt32LE(at + ENTRY.size) };
  }
}
