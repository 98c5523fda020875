import { SluiceError } from '../../sdk/sluice.ts';

/** Words for a PDF that cannot be shown. */
export interface PdfProblem {
  title: string;
  advice: string;
  mayRetry: boolean;
}

/** Explains an error of the server or of pdf.js. */
export function pdfProblemOf(error: unknown): PdfProblem {
  if (error instanceof SluiceError) {
    if (error.code === 'file_gone')
      return {
        title: 'The original is gone',
        advice: 'The store of the originals does not have it. Replace the document to bring it back.',
        mayRetry: false,
      };
    return { title: 'The original cannot be read now', advice: error.message, mayRetry: true };
  }
  const { name, message } = error as Error;
  if (name === 'PasswordException')
    return {
      title: 'The PDF asks for a password',
      advice: 'Download it, and open it with another program.',
      mayRetry: false,
    };
  if (name === 'InvalidPDFException')
    return {
      title: 'The viewer cannot read this PDF',
      advice: 'It is damaged. Download it, or see “Text” for what Sluice read in it.',
      mayRetry: false,
    };
  return { title: 'The viewer has failed', advice: message, mayRetry: true };
}
