// The log that is looked at. It is not part of the address: a link carries the values that were
// taken from it, never the log.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { CsvColumnsInput, ErrorReport } from 'sizewell-wasm';
import type { Answer, Header, Log, Traffic } from './reading';

export type LogState =
  | { kind: 'none' }
  | { kind: 'reading'; name: string }
  | { kind: 'refused'; name: string; refusal: ErrorReport; file: File | null; header: Header | null }
  | { kind: 'read'; traffic: Traffic };

/** What a page can hold as one text and still analyse. */
const MOST_BYTES = 400_000_000;

function tooLarge(file: File): ErrorReport {
  return {
    code: 'too_large',
    path: 'text',
    message: 'is too large for a page',
    given: `${Math.round(file.size / 1e6)} MB`,
    allowed: `at most ${MOST_BYTES / 1e6} MB`,
    help: 'The Python and Rust packages read larger ones.',
    suggestions: [],
  };
}

export interface LogReader {
  state: LogState;
  /** Reads a file, by columns that a person named or those that are found, or draws the example. */
  read: (file: File | null, columns?: CsvColumnsInput) => void;
  forget: () => void;
}

export function useLog(): LogReader {
  const [state, setState] = useState<LogState>({ kind: 'none' });
  const worker = useRef<Worker | null>(null);
  const stop = () => {
    worker.current?.terminate();
    worker.current = null;
  };
  useEffect(() => stop, []);

  const read = async (file: File | null, columns?: CsvColumnsInput) => {
    stop();
    const name = file?.name ?? 'An example, three weeks of a help desk';
    if (file && file.size > MOST_BYTES) {
      setState({ kind: 'refused', name, refusal: tooLarge(file), file, header: null });
      return;
    }
    setState({ kind: 'reading', name });
    const own = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
    worker.current = own;
    own.onmessage = ({ data }: MessageEvent<Answer>) => {
      stop();
      setState(
        'traffic' in data
          ? { kind: 'read', traffic: data.traffic }
          : { kind: 'refused', name, refusal: data.refusal, file, header: data.header },
      );
    };
    const log: Log = {
      name,
      text: file && (await file.text()),
      columns: columns ?? null,
      zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
      nowSeconds: Date.now() / 1000,
    };
    if (worker.current === own) own.postMessage(log);
  };

  const forget = () => {
    stop();
    setState({ kind: 'none' });
  };
  return { state, read: (file, columns) => void read(file, columns), forget };
}
