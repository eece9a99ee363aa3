import { el, fill, headings } from '../dom.js';
import * as format from '../format.js';
import { bars, createChart, stacked } from './chart.js';

/** The daemon returns at most this many single executions, and the number that it omitted. */
const MAX_DRAWN = 10_000;

/** From the bottom up: what needs a look stands on the ground. */
const ENDINGS = [
  { key: 'failed', name: 'failed', fill: '--bar-failed', mark: 'mark bar-failed' },
  { key: 'refused', name: 'refused', fill: '--bar-refused', mark: 'mark bar-refused' },
  { key: 'ok', name: 'ok', fill: '--bar-ok', mark: 'mark bar-ok' },
  { key: 'skipped', name: 'skipped', fill: '--bar-skipped', mark: 'mark bar-skipped' },
];
/** Each line has its own dash pattern, not only its own colour. */
const TIMES = [
  { key: 'p50_ms', name: 'P50', stroke: '--line-1', dash: [], mark: 'mark line-1' },
  { key: 'p95_ms', name: 'P95', stroke: '--line-2', dash: [8, 4], mark: 'mark line-2' },
  { key: 'p99_ms', name: 'P99', stroke: '--line-3', dash: [2, 3], mark: 'mark line-3' },
];

const sumOf = (values) => values.reduce((sum, value) => sum + value, 0);

const key = ({ mark, name }, ...more) =>
  el('span', { class: 'key' }, el('i', { class: mark }), name, ...more);

const compact = (count) => (count >= 10_000 ? `${Math.round(count / 1000)}k` : format.count(count));

const OUTCOMES_CHART = {
  name: 'outcomes',
  title: 'Outcomes',
  lines: [...ENDINGS].reverse(),
  show: format.count,
  scale: { range: (_, _min, max) => [0, Math.max(max ?? 0, 4) * 1.05] },
  axis: {
    incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6],
    values: (_, ticks) => ticks.map(compact),
  },
  seriesOf: (colour) =>
    [...ENDINGS].reverse().map(({ fill: name }) => ({ fill: colour(name), width: 0, paths: bars })),
  dataOf: (series) => [
    series.at,
    ...stacked(
      series,
      ENDINGS.map((one) => one.key),
    ),
  ],
  legendOf: (series) =>
    [...ENDINGS]
      .reverse()
      .map((one) => key(one, el('b', {}, format.count(sumOf(series[one.key]))))),
  summaryOf(series) {
    const parts = [...ENDINGS].reverse().map(({ key: name }) => `${sumOf(series[name])} ${name}`);
    return `Outcomes: ${parts.join(', ')}. The table below has every value.`;
  },
};

/** Durations range from a millisecond to minutes, so the scale is logarithmic: a line at each power of ten. */
const powersOfTen = (_plot, _axis, min, max) => {
  const powers = [];
  for (let power = Math.ceil(Math.log10(min)); power <= Math.log10(max) + 1e-9; power += 1)
    powers.push(10 ** power);
  return powers;
};

const TIMES_CHART = {
  name: 'times',
  title: 'How long hooks took',
  lines: TIMES,
  show: format.ms,
  scale: { distr: 3 },
  axis: {
    splits: powersOfTen,
    filter: (_, splits) => splits,
    values: (_, ticks) => ticks.map((tick) => format.withoutZeros(format.ms(tick))),
  },
  seriesOf: (colour) =>
    TIMES.map(({ stroke, dash }) => ({ stroke: colour(stroke), dash, width: 1.75, isLine: true })),
  // A point stands in the middle of its time. A logarithmic scale has no zero.
  dataOf: (series) => [
    series.at.map((at) => at + series.step_seconds / 2),
    ...TIMES.map((one) =>
      series[one.key].map((value) => (value === null ? null : Math.max(value, 0.01))),
    ),
  ],
  legendOf: () => TIMES.map((one) => key(one)),
  summaryOf(series) {
    const parts = TIMES.map(({ key: name, name: text }) => {
      const values = series[name].filter((value) => value !== null);
      const highest = values.length > 0 ? Math.max(...values) : null;
      return `${text} last ${format.ms(values.at(-1))}, highest ${format.ms(highest)}`;
    });
    return `How long hooks took: ${parts.join('; ')}. The table below has every value.`;
  },
};

/** How executions ended, how long they took, and both as a table, in `box`. */
export function createCharts(box) {
  let shown;
  let zoom;
  const charts = [OUTCOMES_CHART, TIMES_CHART].map((chart) => createChart(chart, zoomTo));
  const whole = el('button', {
    type: 'button',
    class: 'quiet',
    hidden: true,
    onclick: () => zoomTo(),
  });
  whole.textContent = 'Show the whole range';
  const note = el('p', { class: 'note' });
  const values = el('section', { class: 'scroll', tabindex: 0, 'aria-label': 'Values over time' });
  const table = el('details', {}, el('summary', {}, 'Values as a table'), values);
  table.addEventListener('toggle', fillTable);
  fill(
    box,
    el('div', { class: 'columns' }, ...charts.map(({ figure }) => figure)),
    el('div', { class: 'below' }, table, note, whole),
  );

  function zoomTo(span) {
    zoom = span;
    whole.hidden = zoom === undefined;
    draw(false);
  }

  function draw(isNewLook) {
    const { at, step_seconds: step } = shown;
    const span = zoom ?? [at[0], at.at(-1) + step];
    for (const chart of charts) chart.show(shown, span, isNewLook);
  }

  function fillTable() {
    if (table.open && shown !== undefined) fill(values, tableOf(shown));
  }

  addEventListener('recolour', () => shown !== undefined && draw(true));

  return {
    show(series) {
      // A zoom ends with the range that it is part of.
      if (shown?.range !== series.range) {
        zoom = undefined;
        whole.hidden = true;
      }
      shown = series;
      draw(false);
      fillTable();
      note.textContent = noteOf(series);
    },
  };
}

function noteOf({ source, step_seconds: step, missing }) {
  const parts = [`A bar is ${format.withoutZeros(format.ms(step * 1000))}. Drag to zoom.`];
  if (source === 'rollups') parts.push('Percentiles are within 1 %.');
  if (missing > 0 && source === 'rows')
    parts.push(
      `Only the newest ${format.count(MAX_DRAWN)} executions are drawn; ${format.count(missing)} are omitted.`,
    );
  else if (missing > 0) parts.push(`${format.count(missing)} executions are not included yet.`);
  return parts.join(' ');
}

function tableOf(series) {
  const numbers = [...ENDINGS, ...TIMES];
  const columns = [
    { text: 'From' },
    ...numbers.map(({ name }) => ({ text: name[0].toUpperCase() + name.slice(1), isNumber: true })),
  ];
  const rows = series.at.flatMap((at, index) => {
    if (ENDINGS.every((one) => series[one.key][index] === 0)) return [];
    const cells = [
      ...ENDINGS.map((one) => format.count(series[one.key][index])),
      ...TIMES.map((one) => format.ms(series[one.key][index])),
    ];
    return [
      el(
        'tr',
        {},
        el('th', { scope: 'row' }, format.moment(at * 1000)),
        ...cells.map((text) => el('td', { class: 'number' }, text)),
      ),
    ];
  });
  return el('table', {}, headings(columns), el('tbody', {}, ...rows));
}
