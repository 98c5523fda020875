import { descendants, elementAt, elementsIn, ownText, type XmlElement } from '../markup/xml-element.ts';
import { formulaText } from '../markup/formula.ts';
import { contentOf } from './alternate-content.ts';
import { drawnText } from './symbol-fonts.ts';

/** Code points of symbol fonts, which draw signs for letters. */
const SIGNS = /[\uf020-\uf0ff]+/g;

/** Returns the words of a paragraph of DrawingML. Breaks within become line ends. */
export function drawingText(paragraph: XmlElement): string {
  return contentOf(paragraph)
    .map((part) => {
      switch (part.name) {
        case 'a:r':
        case 'a:fld':
          return runText(part);
        case 'a:br':
          return '\n';
        case 'a14:m':
          return formulaText(part);
        default:
          return '';
      }
    })
    .join('');
}

/** Returns the words of all paragraphs within an element. */
export function drawingTexts(element: XmlElement): string[] {
  const paragraphs = [...descendants(element)].filter(({ name }) => name === 'a:p');
  return paragraphs.map(drawingText).filter((text) => text.trim() !== '');
}

function runText(run: XmlElement): string {
  const text = elementsIn(run, 'a:t').map(ownText).join('');
  const font = elementAt(run, 'a:rPr', 'a:sym') ?? elementAt(run, 'a:rPr', 'a:latin');
  return text.replace(SIGNS, (signs) => drawnText(font?.attributes.get('typeface') ?? '', signs));
}
