import {
  getDocument,
  PDFDataRangeTransport,
  PDFWorker,
  VerbosityLevel,
  type PDFDocumentProxy,
} from 'pdfjs-dist';

import type { Sluice } from '../../sdk/sluice.ts';
import { readContent } from '../read-content.ts';

/** Bytes of a request. A page of text takes less. */
const RANGE_BYTES = 256 * 1024;
/** Most bytes of a canvas. A phone refuses larger ones. */
const MOST_BYTES = 64 * 1024 * 1024;

/** Logs errors only. pdf.js also warns of flaws in files, and of work that a closed viewer ends. */
const VERBOSITY = VerbosityLevel.ERRORS;

/** An open PDF. */
export interface OpenPdf {
  pdf: Promise<PDFDocumentProxy>;
  /** Frees the worker and the memory, and ends the requests. */
  close: () => void;
}

/**
 * Opens the original of a document. It fetches only the ranges that the shown pages need.
 * @param onProblem called when a range cannot be fetched, or pdf.js cannot start
 */
export function openPdf(
  sluice: Sluice,
  id: string,
  size: number,
  onProblem: (error: unknown) => void,
): OpenPdf {
  const aborter = new AbortController();
  const { signal } = aborter;
  const transport = new PDFDataRangeTransport(size, null);
  transport.requestDataRange = (begin, end) => {
    readContent(sluice, id, { range: [begin, end - 1], signal })
      .then((blob) => blob.arrayBuffer())
      .then((bytes) => transport.onDataRange(begin, new Uint8Array(bytes)))
      .catch((error: unknown) => {
        if (!signal.aborted) onProblem(error);
      });
  };
  const port = new Worker(new URL('pdfjs-dist/build/pdf.worker.min.mjs', import.meta.url), {
    type: 'module',
  });
  port.addEventListener('error', () => onProblem(new Error('Its script did not load. Reload the page.')));
  const worker = PDFWorker.create({ port, verbosity: VERBOSITY });
  const data = (folder: string) => new URL(`./pdf/${folder}/`, document.baseURI).href;
  const task = getDocument({
    range: transport,
    worker,
    rangeChunkSize: RANGE_BYTES,
    disableAutoFetch: true,
    disableStream: true,
    cMapUrl: data('cmaps'),
    standardFontDataUrl: data('standard_fonts'),
    iccUrl: data('iccs'),
    wasmUrl: data('wasm'),
    // The content policy allows no WebAssembly.
    useWasm: false,
    verbosity: VERBOSITY,
    canvasMaxAreaInBytes: MOST_BYTES,
  });
  return {
    pdf: task.promise,
    close: () => {
      aborter.abort();
      void task.destroy().finally(() => {
        worker.destroy();
        port.terminate();
      });
    },
  };
}
