import PptxGenJs from 'pptxgenjs';

import { repack } from './repack.ts';
import type { Written } from './written.ts';

const SLIDES = [
  {
    title: 'Saving the sea wall',
    bullets: [
      ['Three breaches since the spring flood of 1953', 0],
      ['The longest is eleven metres wide', 1],
      ['Stone can be had from Hallin for the fetching', 0],
    ],
    notes: 'Pass the photograph of the north breach around.',
  },
  {
    title: 'What it costs',
    bullets: [
      ['Nine hundred crowns for the masons', 0],
      ['Nothing for the carts, which the farms lend', 0],
    ],
    notes: 'The treasurer will object here.',
  },
  { title: 'Who decides', bullets: [['The council on Friday, by a show of hands', 0]], notes: '' },
] as const;

const PAGES = SLIDES.map(({ title, bullets, notes }) =>
  [title, ...bullets.map(([text]) => text), notes].join('\n'),
);

async function show(): Promise<Uint8Array> {
  // Casts the import, because the types describe a module with a default export, but Node loads the class itself.
  const show = new (PptxGenJs as unknown as typeof PptxGenJs.default)();
  show.defineSlideMaster({
    title: 'PLAIN',
    objects: [
      { placeholder: { options: { name: 'title', type: 'title', x: 0.5, y: 0.3, w: 9, h: 1 }, text: '' } },
    ],
  });
  for (const { title, bullets, notes } of SLIDES) {
    const slide = show.addSlide({ masterName: 'PLAIN' });
    slide.addText(title, { placeholder: 'title' });
    const lines = bullets.map(([text, indentLevel]) => ({
      text,
      options: { bullet: true, indentLevel, breakLine: true },
    }));
    slide.addText(lines, { x: 0.5, y: 1.5, w: 9, h: 3 });
    if (notes) slide.addNotes(notes);
  }
  return (await show.write({ outputType: 'nodebuffer' })) as Uint8Array;
}

/** Builds three slides with bullets on two levels, two of them with notes. */
export async function slides(): Promise<Written> {
  return { bytes: repack(await show()), pages: PAGES };
}

/** Builds the same slides without some parts that others refer to, and with an unknown one. */
export async function malformedSlides(): Promise<Written> {
  const bytes = repack(await show(), (parts) => {
    const kept = Object.entries(parts).filter(([name]) => !/^ppt\/(?:slideLayouts|theme)\//.test(name));
    return { ...Object.fromEntries(kept), 'ppt/unknown/part.bin': 'left by another program' };
  });
  return { bytes, pages: PAGES };
}
