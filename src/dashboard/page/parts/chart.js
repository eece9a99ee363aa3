import { el, fill } from '../dom.js';
import * as format from '../format.js';
import uPlot from '../uplot.js';

export const HEIGHT = 190;

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

/**
 * A chart with the values at the cursor beside it, which takes no room of its own.
 * @param chart its name, its lines or bars, and how to read and show them
 * @param onZoom called with the span in seconds that the user chose
 */
export function createChart(chart, onZoom) {
  const box = el('div', { class: 'chart', role: 'img' });
  const tip = el('div', { class: 'tip', 'aria-hidden': 'true', hidden: true });
  const none = el(
    'p',
    { class: 'note nothing', hidden: true },
    'No executions in this time range.',
  );
  const figure = el('figure', { 'data-chart': chart.name });
  const legend = el('span', { class: 'legend' });
  const caption = el('figcaption', {}, el('span', {}, chart.title), legend);
  figure.append(caption, el('div', { class: 'plot' }, box, none, tip));
  let plot;
  let shown;

  function showTip() {
    const { left } = plot.cursor;
    const { at, step_seconds: step } = shown.series;
    const index = left < 0 ? -1 : Math.floor((plot.posToVal(left, 'x') - at[0]) / step);
    tip.hidden = at[index] === undefined;
    if (tip.hidden) return;
    const times = [at[index], at[index] + step].map((second) => new Date(second * 1000));
    const [[day, from], [, until]] = times.map(format.dayAndTime);
    const rows = chart.lines.map(({ key, name, mark }) =>
      el(
        'p',
        {},
        el('i', { class: mark }),
        name,
        el('b', {}, chart.show(shown.series[key][index])),
      ),
    );
    fill(
      tip,
      el('p', { class: 'note' }, `${format.dayUnlessToday(day)}${from} – ${until}`),
      ...rows,
    );
    const x = plot.over.offsetLeft + left;
    const isLeft = x > box.clientWidth / 2;
    tip.style.left = isLeft ? 'auto' : `${x + 14}px`;
    tip.style.right = isLeft ? `${box.clientWidth - x + 14}px` : 'auto';
  }

  function optionsOf() {
    const axis = {
      stroke: colour('--dim'),
      ticks: { show: false },
      font: '11px system-ui, sans-serif',
    };
    const grid = { stroke: colour('--border'), width: 1 };
    return {
      width: Math.max(box.clientWidth, 200),
      height: HEIGHT,
      padding: [8, 4, 0, 0],
      legend: { show: false },
      cursor: {
        y: false,
        points: { show: false },
        drag: { x: true, y: false, setScale: false },
      },
      scales: { y: chart.scale },
      axes: [
        { ...axis, grid: { show: false }, space: 72, size: 26, values: timeTicks },
        { ...axis, ...chart.axis, grid, size: 54, gap: 6 },
      ],
      series: [{}, ...chart.seriesOf(colour)].map((series) => ({
        ...series,
        points: { show: false, ...(series.isLine && { show: true, size: 5, filter: alone }) },
      })),
      hooks: {
        setCursor: [showTip],
        setSelect: [chosen],
        draw: [markPaint],
      },
    };
  }

  function chosen({ select }) {
    if (select.width < 4) return;
    const span = [select.left, select.left + select.width].map((left) => plot.posToVal(left, 'x'));
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    onZoom(span);
  }

  function draw(isNewLook) {
    const data = chart.dataOf(shown.series);
    if (isNewLook) {
      plot?.destroy();
      plot = undefined;
    }
    if (plot === undefined) plot = new uPlot(optionsOf(), data, box);
    else plot.setData(data, false);
    const [min, max] = shown.span;
    plot.setScale('x', { min, max });
  }

  new ResizeObserver(() => {
    if (box.clientWidth > 0)
      plot?.setSize({ width: Math.max(box.clientWidth, 200), height: HEIGHT });
  }).observe(box);

  return {
    figure,
    /** @param span the first and the last second to draw */
    show(series, span, isNewLook) {
      shown = { series, span };
      box.setAttribute('aria-label', chart.summaryOf(series));
      fill(legend, ...chart.legendOf(series));
      const isEmpty = !series.runs.some(Boolean) && !series.skipped.some(Boolean);
      none.hidden = !isEmpty;
      box.hidden = isEmpty;
      if (!isEmpty) draw(isNewLook);
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
