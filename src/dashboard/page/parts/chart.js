import { el, fill } from '../dom.js';
import * as format from '../format.js';
import uPlot from '../uplot.js';

const HEIGHT = 190;
const MIN_WIDTH = 200;

/** How far the values are from the cursor, and the least that is a choice and not a click, in pixels. */
const TIP_GAP = 14;
const MIN_SELECTED = 4;

/** Labels of the axis below keep this far from both ends, where they would be cut or meet those of the other axis. */
const EDGE = 24;

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** Marks when a chart is on the screen, which is after the frame that draws it; a test reads the mark. */
const markPaint = () =>
  requestAnimationFrame(() => setTimeout(() => performance.mark('chart-painted')));

/** The date at midnight, else the time. */
function timeTick(seconds) {
  const at = new Date(seconds * 1000);
  const [, time] = format.dayAndTime(at);
  return time === '00:00' ? `${MONTHS[at.getMonth()]} ${at.getDate()}` : time;
}

const timeTicks = (plot, ticks) =>
  ticks.map((tick) => {
    const at = plot.valToPos(tick, 'x');
    return at < EDGE || at > plot.over.clientWidth - EDGE ? '' : timeTick(tick);
  });

const alone = (plot, index) => {
  const data = plot.data[index];
  return data.flatMap((value, at) =>
    value !== null && (data[at - 1] ?? null) === null && (data[at + 1] ?? null) === null ? at : [],
  );
};

function optionsOf(chart, width, { onCursor, onSelect }) {
  const axis = {
    stroke: colour('--dim'),
    ticks: { show: false },
    font: '11px system-ui, sans-serif',
  };
  const grid = { stroke: colour('--border'), width: 1 };
  return {
    ...{ width: Math.max(width, MIN_WIDTH), height: HEIGHT, padding: [8, 4, 0, 0] },
    legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { x: true, y: false, setScale: false } },
    scales: { y: chart.scale },
    axes: [
      { ...axis, grid: { show: false }, space: 72, size: 26, values: timeTicks },
      { ...axis, ...chart.axis, grid, size: 54, gap: 6 },
    ],
    series: [{}, ...chart.seriesOf(colour)].map(({ isLine = false, ...series }) => ({
      ...series,
      points: isLine ? { size: 5, filter: alone } : { show: false },
    })),
    hooks: { setCursor: [onCursor], setSelect: [onSelect], draw: [markPaint] },
  };
}

/** The values at the cursor, beside it; they take no room of their own. */
function createTip(chart) {
  const tip = el('div', { class: 'tip', 'aria-hidden': 'true', hidden: true });
  return {
    element: tip,
    show({ cursor: { left }, over, posToVal }, { at, step_seconds: step, ...series }) {
      const index = left < 0 ? -1 : Math.floor((posToVal(left, 'x') - at[0]) / step);
      tip.hidden = at[index] === undefined;
      if (tip.hidden) return;
      const rows = chart.lines.map(({ key, name, mark }) =>
        el('p', {}, el('i', { class: mark }), name, el('b', {}, chart.show(series[key][index]))),
      );
      fill(tip, el('p', { class: 'note' }, format.span(at[index], at[index] + step)), ...rows);
      const [x, width] = [over.offsetLeft + left, over.offsetLeft + over.clientWidth];
      const isLeft = x > width / 2;
      tip.style.left = isLeft ? 'auto' : `${x + TIP_GAP}px`;
      tip.style.right = isLeft ? `${tip.parentElement.clientWidth - x + TIP_GAP}px` : 'auto';
    },
  };
}

/**
 * A chart with the values at the cursor.
 * @param chart its name, its lines or bars, and how to read and show them
 * @param onZoom called with the span in seconds that the user chose
 */
export function createChart(chart, onZoom) {
  const box = el('div', { role: 'img' });
  const none = el(
    'p',
    { class: 'note nothing', hidden: true },
    'No executions in this time range.',
  );
  const legend = el('span', { class: 'legend' });
  const tip = createTip(chart);
  let plot;
  let shown;
  const handlers = {
    onCursor: () => tip.show(plot, shown),
    onSelect({ select: { left, width } }) {
      if (width < MIN_SELECTED) return;
      const span = [left, left + width].map((at) => plot.posToVal(at, 'x'));
      plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
      onZoom(span);
    },
  };

  function draw([min, max], isNewLook) {
    if (isNewLook) {
      plot?.destroy();
      plot = undefined;
    }
    plot ??= new uPlot(optionsOf(chart, box.clientWidth, handlers), undefined, box);
    plot.setData(chart.dataOf(shown), false);
    plot.setScale('x', { min, max });
  }

  new ResizeObserver(() => {
    if (box.clientWidth > 0)
      plot?.setSize({ width: Math.max(box.clientWidth, MIN_WIDTH), height: HEIGHT });
  }).observe(box);

  return {
    figure: el(
      'figure',
      { 'data-chart': chart.name },
      el('figcaption', {}, el('span', {}, chart.title), legend),
      el('div', { class: 'plot' }, box, none, tip.element),
    ),
    /** @param span the first and the last second to draw */
    show(series, span, isNewLook) {
      shown = series;
      box.setAttribute('aria-label', chart.summaryOf(series));
      fill(legend, ...chart.legendOf(series));
      const isEmpty = !series.runs.some(Boolean) && !series.skipped.some(Boolean);
      none.hidden = !isEmpty;
      box.hidden = isEmpty;
      if (!isEmpty) draw(span, isNewLook);
    },
  };
}

/** Bars on top of each other; each value becomes the sum of its own and those below. */
export function stacked(series, keys) {
  const sums = series.at.map(() => 0);
  const stacks = keys.map((key) =>
    series[key].map((count, index) => {
      sums[index] += count;
      return count === 0 ? null : sums[index];
    }),
  );
  // The tallest is drawn first, and the others over it.
  return stacks.reverse();
}

/** Each bar begins where its time does. */
export const bars = uPlot.paths.bars({ align: 1, size: [0.84, 44] });
