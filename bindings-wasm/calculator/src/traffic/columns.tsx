// The columns of a CSV whose names say nothing: a person says which is what.

import { useState } from 'preact/hooks';
import type { CsvColumnsInput, TimeFormat } from 'sizewell-wasm';
import type { Header } from './reading';

const ASKED = { arrival: 'Arrival', input_tokens: 'Prompt tokens', output_tokens: 'Answer tokens' } as const;
type Asked = keyof typeof ASKED;
const NAMES = Object.keys(ASKED) as Asked[];

const TIMES: Partial<Record<TimeFormat, string>> = {
  iso: 'date and time',
  unix_seconds: 'Unix seconds',
  unix_milliseconds: 'Unix milliseconds',
  seconds: 'seconds from the start',
  milliseconds: 'milliseconds from the start',
};

/** How a time is written, by the look of it: Unix times of this century are over 900 million seconds. */
function guessed(cell: string): TimeFormat {
  const value = Number(cell);
  if (cell === '' || Number.isNaN(value)) return 'iso';
  return value > 9e11 ? 'unix_milliseconds' : value > 9e8 ? 'unix_seconds' : 'seconds';
}

export function Columns({ header, onRead }: { header: Header; onRead: (columns: CsvColumnsInput) => void }) {
  const { names, first, delimiter } = header;
  const [places, setPlaces] = useState<Record<Asked, number>>({ arrival: 0, input_tokens: 1, output_tokens: 2 });
  const [time, setTime] = useState<TimeFormat | null>(null);
  const told = time ?? guessed(first[places.arrival] ?? '');
  const name = (asked: Asked) => names[places[asked]] ?? '';
  return (
    <form
      class="taking"
      aria-label="Columns of the log"
      onSubmit={(event) => {
        event.preventDefault();
        const columns = { arrival: name('arrival'), input_tokens: name('input_tokens'), output_tokens: name('output_tokens') };
        onRead({ ...columns, time: told, delimiter });
      }}
    >
      {NAMES.map((asked) => (
        <label key={asked}>
          {ASKED[asked]}{' '}
          <select
            value={places[asked]}
            onChange={({ currentTarget: { value } }) => setPlaces({ ...places, [asked]: Number(value) })}
          >
            {names.map((column, place) => <option key={place} value={place}>{column}</option>)}
          </select>
        </label>
      ))}
      <label>
        Time as{' '}
        <select value={told} onChange={({ currentTarget: { value } }) => setTime(value as TimeFormat)}>
          {Object.entries(TIMES).map(([format, text]) => <option key={format} value={format}>{text}</option>)}
        </select>
      </label>
      <button type="submit" class="primary">Read these columns</button>
    </form>
  );
}
