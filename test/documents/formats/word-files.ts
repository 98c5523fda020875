import { Document, HeadingLevel, Packer, Paragraph, Table, TableCell, TableRow, WidthType } from 'docx';

import { wordsOf, type Block } from '../text/manuscript.ts';
import { repack } from './repack.ts';

const LEVELS = [
  HeadingLevel.HEADING_1,
  HeadingLevel.HEADING_2,
  HeadingLevel.HEADING_3,
  HeadingLevel.HEADING_4,
];

/** Builds a Word document with the `docx` writer. */
export async function wordFile(blocks: readonly Block[]): Promise<Buffer> {
  return repack(await Packer.toBuffer(new Document({ sections: [{ children: blocks.map(element) }] })));
}

function element(block: Block): Paragraph | Table {
  if ('rows' in block) {
    return new Table({
      width: { size: 100, type: WidthType.PERCENTAGE },
      rows: block.rows.map(
        (row) =>
          new TableRow({ children: row.map((cell) => new TableCell({ children: [new Paragraph(cell)] })) }),
      ),
    });
  }
  const text = wordsOf(block);
  const heading = 'heading' in block ? LEVELS[block.level - 1] : undefined;
  return new Paragraph({ text, ...(heading && { heading }) });
}
