import { byId, el, fill, headings } from '../dom.js';
import * as format from '../format.js';
import uPlot from '../uplot.js';

const HEIGHT = 220;

/** The daemon returns at most this many single executions, and the number that it omitted. */
const MAX_DRAWN = 10_000;

/** Each line of a chart has its own dash pattern, not only its own colour. */
const TIMES = {
  id: 'chart-times',
  title: 'How long hooks took',
  lines: [
    { key: 'p50_ms', name: 'P50', colour: '--line-1', dash: [] },
    { key: 'p95_ms', name: 'P95', colour: '--line-2', dash: [8, 4] },
    { key: 'p99_ms', name: 'P99', colour: '--line-3', dash: [2, 3] },
  ],
  show: format.ms,
  // Durations range from a millisecond to half a minute, so the scale is logarithmic, which has no zero.
  scale: { distr: 3 },
  value: (number) => (number === null ? null : Math.max(number, 0.01)),
};
const RATES = {
  id: 'chart-rates',
  title: 'Failures, refusals and duplicates',
  lines: [
    { key: 'failure_rate', name: 'failed', colour: '--line-3', dash: [] },
    { key: 'deny_rate', name: 'denied', colour: '--line-2', dash: [2, 3] },
    { key: 'dedupe_rate', name: 'duplicates', colour: '--line-1', dash: [8, 4] },
  ],
  show: format.percent,
  scale: { range: (_, _min, max) => [0, Math.min(Math.max(max ?? 0, 0.05) * 1.1, 1)] },
  value: (number) => number,
};

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

const plots = new Map();

/** Marks when a chart is on the screen, which is after the frame that draws it; a test reads the mark. */
const markPaint = () =>
  requestAnimationFrame(() => setTimeout(() => performance.mark('chart-painted')));

/** Redraws both charts. */
export function showCharts(series) {
  for (const chart of [TIMES, RATES]) draw(chart, series);
  showNote(series);
  const details = byId('chart-table');
  const showTable = () => details.open && fillTable(details.querySelector('section'), series);
  details.ontoggle = showTable;
  showTable();
}

function draw(chart, series) {
  const figure = byId(chart.id);
  plots.get(chart.id)?.destroy();
  const data = chart.lines.map(({ key }) => series[key].map(chart.value));
  const isEmpty = data.every((line) => line.every((value) => value === null));
  const caption = el('figcaption', {}, chart.title, ' ', ...legend(chart));
  if (isEmpty) {
    fill(figure, caption, el('p', { class: 'note nothing' }, 'No executions in this time range.'));
    return;
  }
  const box = el('div', { class: 'chart', role: 'img', 'aria-label': summary(chart, series) });
  const reading = el('p', { class: 'note reading', 'aria-hidden': 'true' }, ' ');
  fill(figure, caption, box, reading);
  const plot = new uPlot(
    optionsOf(chart, series, figure.clientWidth, reading),
    [series.at, ...data],
    box,
  );
  plots.set(chart.id, plot);
}

function legend({ lines }) {
  return lines.map(({ name }, index) =>
    el('span', { class: `key key-${name}` }, index === 0 ? name : ` ${name}`),
  );
}

/** The chart in a sentence, for screen readers. */
function summary({ title, lines, show }, series) {
  const parts = lines.map(({ key, name }) => {
    const values = series[key].filter((value) => value !== null);
    return `${name} last ${show(values.at(-1))}, highest ${show(values.length ? Math.max(...values) : null)}`;
  });
  return `${title}: ${parts.join('; ')}. The table below has every value.`;
}

function optionsOf({ lines, show, scale }, series, width, reading) {
  const axis = {
    stroke: colour('--dim'),
    grid: { stroke: colour('--border'), width: 1 },
    ticks: { show: false },
  };
  return {
    width: Math.max(width, 200),
    height: HEIGHT,
    legend: { show: false },
    cursor: { drag: { x: false, y: false } },
    scales: { x: { range: [series.at[0], series.at.at(-1) + series.step_seconds] }, y: scale },
    axes: [
      { ...axis, values: (_, ticks) => ticks.map(timeTick) },
      {
        ...axis,
        size: 64,
        values: (_, ticks) =>
          ticks.map((tick) => (tick === null ? '' : format.withoutZeros(show(tick)))),
      },
    ],
    series: [
      {},
      ...lines.map(({ name, colour: line, dash }) => ({
        label: name,
        stroke: colour(line),
        width: 2,
        dash,
        points: { show: series.at.length <= 200, size: 4, fill: colour(line) },
      })),
    ],
    hooks: {
      setCursor: [(plot) => read(plot, lines, show, reading)],
      draw: [markPaint],
    },
  };
}

/** The date at midnight, else the time. */
function timeTick(seconds) {
  const [day, time] = format.dayAndTime(new Date(seconds * 1000));
  return time === '00:00' ? day.slice(5) : time;
}

function read(plot, lines, show, reading) {
  const { idx } = plot.cursor;
  const at = plot.data[0][idx];
  const values = lines.map(
    ({ name }, index) => `${name} ${show(plot.data[index + 1][idx] ?? null)}`,
  );
  reading.textContent =
    at === undefined ? ' ' : `${format.moment(at * 1000)}: ${values.join(', ')}`;
}

function showNote({ source, step_seconds, missing, at }) {
  const step = format.withoutZeros(format.ms(step_seconds * 1000));
  const parts = [`${at.length} points of ${step} each. Times are local.`];
  if (source === 'rollups') parts.push('From rollups: percentiles are within 1 %.');
  if (missing > 0 && source === 'rows')
    parts.push(
      `Only the newest ${format.count(MAX_DRAWN)} executions are drawn; ${format.count(missing)} are omitted.`,
    );
  else if (missing > 0) parts.push(`${format.count(missing)} executions are not included yet.`);
  byId('chart-note').textContent = parts.join(' ');
}

function fillTable(box, series) {
  const columns = [
    { text: 'From' },
    ...['Runs', 'P50', 'P95', 'P99', 'Failed', 'Denied', 'Duplicates'].map((text) => ({
      text,
      isNumber: true,
    })),
  ];
  const rows = series.at.flatMap((at, index) => {
    if (series.runs[index] === 0 && !series.dedupe_rate[index]) return [];
    const values = [
      format.count(series.runs[index]),
      ...['p50_ms', 'p95_ms', 'p99_ms'].map((key) => format.ms(series[key][index])),
      ...['failure_rate', 'deny_rate', 'dedupe_rate'].map((key) =>
        format.percent(series[key][index]),
      ),
    ];
    return [
      el(
        'tr',
        {},
        el('th', { scope: 'row' }, format.moment(at * 1000)),
        ...values.map((value) => el('td', { class: 'number' }, value)),
      ),
    ];
  });
  fill(box, el('table', {}, headings(columns), el('tbody', {}, ...rows)));
}

/** Resizes the charts with the window. */
export function watchSize() {
  const fit = () => {
    for (const [id, plot] of plots)
      plot.setSize({ width: Math.max(byId(id).clientWidth, 200), height: HEIGHT });
  };
  addEventListener('resize', fit);
}
