// The rhythm of the week: an hour each cell.

import type { CalendarPattern } from 'sizewell-wasm';
import { figure } from '../format';

const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const CELL = 17;
const LEFT = 34;
const TOP = 4;

export function Week({ calendar }: { calendar: CalendarPattern }) {
  const rates = calendar.by_hour_of_week_qps;
  const most = Math.max(...rates.map((rate) => rate ?? 0));
  const busiest = rates.findIndex((rate) => rate === most);
  const named = (hour: number) => `${DAYS[Math.floor(hour / 24)] ?? ''} ${String(hour % 24).padStart(2, '0')}:00`;
  return (
    <figure class="week">
      <figcaption>Rhythm of the week</figcaption>
      <svg
        viewBox={`0 0 ${LEFT + 24 * CELL} ${TOP + 7 * CELL + 18}`}
        role="img"
        aria-label={`Busiest on ${named(busiest)}, with ${figure(most)} requests per second`}
      >
        {DAYS.map((name, row) => (
          <text key={name} x={LEFT - 6} y={TOP + row * CELL + 12} text-anchor="end">{name}</text>
        ))}
        {[0, 6, 12, 18].map((hour) => (
          <text key={hour} x={LEFT + hour * CELL} y={TOP + 7 * CELL + 14}>{`${String(hour).padStart(2, '0')}:00`}</text>
        ))}
        {rates.map((rate, hour) => (
          <rect
            key={hour}
            class={rate === null ? 'unknown' : 'hour'}
            x={LEFT + (hour % 24) * CELL}
            y={TOP + Math.floor(hour / 24) * CELL}
            width={CELL - 2}
            height={CELL - 2}
            rx="2"
            fill-opacity={rate === null ? 1 : 0.06 + (0.94 * rate) / (most || 1)}
          >
            <title>{`${named(hour)}: ${rate === null ? 'not seen' : `${figure(rate)} req/s`}`}</title>
          </rect>
        ))}
      </svg>
    </figure>
  );
}
