import sharp, { type Sharp } from 'sharp';

import { scannedSheet } from '../../documents/formats/scan.ts';
import { pdf, PDF_CATALOGUE, PDF_FONT, pdfStream, pdfText } from './pdf-objects.ts';

/** The scanned sheet as an image, to be turned and encoded. */
export function sheet(): Sharp {
  const { dots, width, height } = scannedSheet();
  return sharp(dots, { raw: { width, height, channels: 1 } });
}

/** A sheet without text: shades without edges, as of a photo. */
export function photo(): Sharp {
  const [width, height] = [600, 800];
  const dots = Buffer.from(Array.from({ length: width * height }, (_, at) => 120 + 60 * Math.sin(at / 9000)));
  return sharp(dots, { raw: { width, height, channels: 1 } });
}

/** A page of {@link scannedPdf}: a line of text, an image, or both. */
export interface ScannedPage {
  text?: string;
  image?: Sharp;
}

/** A PDF whose pages are text, or images of a whole page. */
export async function scannedPdf(pages: readonly ScannedPage[]): Promise<Buffer<ArrayBuffer>> {
  const objects: (string | Buffer)[] = [PDF_CATALOGUE, '', PDF_FONT];
  const kids: string[] = [];
  for (const { text, image } of pages) {
    let resources = '/Font << /F 3 0 R >>';
    let content = text === undefined ? '' : pdfText(text);
    if (image) {
      const { data, info } = await image.greyscale().raw().toBuffer({ resolveWithObject: true });
      const entries = `/Type /XObject /Subtype /Image /Width ${info.width} /Height ${info.height}`;
      objects.push(pdfStream(data, `${entries} /ColorSpace /DeviceGray /BitsPerComponent 8`));
      resources += ` /XObject << /I ${objects.length} 0 R >>`;
      content = `q 612 0 0 792 0 0 cm /I Do Q ${content}`;
    }
    objects.push(pdfStream(content));
    const box = `/MediaBox [0 0 612 792] /Contents ${objects.length} 0 R /Resources << ${resources} >>`;
    objects.push(`<< /Type /Page /Parent 2 0 R ${box} >>`);
    kids.push(`${objects.length} 0 R`);
  }
  objects[1] = `<< /Type /Pages /Kids [${kids.join(' ')}] /Count ${kids.length} >>`;
  return pdf(objects);
}
