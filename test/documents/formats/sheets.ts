import writeExcelFile from 'write-excel-file/node';

import { encrypted } from './office-encryption.ts';
import { repack } from './repack.ts';
import { saying, type Written } from './written.ts';

type Row = readonly (string | number | null)[];

const WINNERS: readonly Row[] = [
  ['Regatta Winners', null, null],
  ['Boat', 'Harbour', 'Cups'],
  ['Kittiwake', 'HAL', 1],
  ['Morag', 'NES', 2],
  ['Old Grey', 'MER', 13],
];
const SINCE: readonly Row[] = [
  ['Regatta Winners Since 1967', null, null],
  ['Boat', 'Harbour', 'Cups'],
  ['Kittiwake', 'HAL', 1],
  ['Old Grey', 'MER', 4],
];

/** Builds two sheets, each with a title above the header of its table. */
export async function workbook(): Promise<Written> {
  return { bytes: repack(await sheets()), pages: [WINNERS, SINCE].map(wordsOf) };
}

function sheets(): Promise<Buffer> {
  const cells = (rows: readonly Row[]) =>
    rows.map((row) => row.map((value) => (value === null ? null : { value })));
  const file = writeExcelFile([
    { sheet: 'Regatta Winners', data: cells(WINNERS) },
    { sheet: 'Regatta Winners Since 1967', data: cells(SINCE) },
  ]);
  return file.toBuffer();
}

/** Builds the first sheet alone. */
export function delimited(): Written {
  const lines = WINNERS.map((row) => row.join(','));
  return saying(`${lines.join('\n')}\n`, wordsOf(WINNERS));
}

const wordsOf = (rows: readonly Row[]) => rows.map((row) => row.filter(Boolean).join(' ')).join('\n');

/** Builds the workbook behind the password `oystercatcher`. */
export async function encryptedWorkbook(): Promise<Written> {
  const { bytes, pages } = await workbook();
  return { bytes: encrypted(bytes, 'oystercatcher'), pages };
}
