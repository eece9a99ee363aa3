import type { OutcomeBar, ReportDetails } from '../../../../app/reading/report/read-details.ts';
import { formatClock, formatCount, formatDay, formatMs, withoutZeros } from '../../../../format.ts';
import { escaped } from './elements.ts';

/** The chart is as wide as the page, whatever that is: its texts stand beside it and are not stretched. */
const WIDTH = 1000;
const HEIGHT = 100;

/** From the bottom up: what needs a look stands on the ground. */
const ENDINGS = ['failed', 'refused', 'ok', 'skipped'] as const;

const totalOf = (bar: OutcomeBar): number => ENDINGS.reduce((sum, ending) => sum + bar[ending], 0);

/** How executions ended over time, as bars; it needs no script, and prints. */
export function outcomesChart({ bars, stepMs }: ReportDetails, nowMs: number): string {
  const max = niceMax(Math.max(...bars.map(totalOf), 1));
  const step = WIDTH / bars.length;
  const columns = bars.map((bar, index) =>
    columnOf(bar, { x: index * step, step, max, title: momentOf(bar.at, stepMs, nowMs) }),
  );
  const [first, middle, last] = [0, Math.floor(bars.length / 2), bars.length - 1].map((index) =>
    momentOf(bars[index]?.at ?? 0, stepMs, nowMs),
  );
  const labels = bars.length < 3 ? [first] : [first, middle, last];
  const sums = ENDINGS.map(
    (ending) => [ending, bars.reduce((sum, bar) => sum + bar[ending], 0)] as const,
  );
  const legend = [...sums]
    .reverse()
    .map(
      ([ending, sum]) =>
        `<span><i class="bar-${ending}"></i>${ending} <b>${formatCount(sum)}</b></span>`,
    );
  const summary = sums.map(([ending, sum]) => `${formatCount(sum)} ${ending}`).join(', ');
  return `<figure>
<figcaption>Outcomes, a bar for ${escaped(withoutZeros(formatMs(stepMs)))}<span class="legend">${legend.join('')}</span></figcaption>
<div class="plot">
<span style="top: 0">${formatCount(max)}</span><span style="top: 50%">${formatCount(max / 2)}</span>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="Outcomes over time: ${escaped(summary)}">
${columns.join('\n')}
</svg>
</div>
<p class="axis">${labels.map((label) => `<span>${escaped(label ?? '')}</span>`).join('')}</p>
</figure>`;
}

interface Place {
  readonly x: number;
  readonly step: number;
  readonly max: number;
  readonly title: string;
}

function columnOf(bar: OutcomeBar, { x, step, max, title }: Place): string {
  if (totalOf(bar) === 0) return '';
  const y = (count: number): number => HEIGHT * (1 - count / max);
  let below = 0;
  const parts = ENDINGS.flatMap((ending) => {
    const [from, to] = [below, below + bar[ending]];
    below = to;
    if (from === to) return [];
    const height = y(from) - y(to);
    return `<rect class="bar-${ending}" x="${(x + step * 0.08).toFixed(1)}" y="${y(to).toFixed(1)}" width="${(step * 0.84).toFixed(1)}" height="${height.toFixed(1)}"/>`;
  });
  const counts = ENDINGS.filter((ending) => bar[ending] > 0).map(
    (ending) => `${formatCount(bar[ending])} ${ending}`,
  );
  return `<g><title>${escaped(`${title}: ${counts.join(', ')}`)}</title>${parts.join('')}</g>`;
}

function momentOf(at: number, stepMs: number, nowMs: number): string {
  const [day, clock] = [formatDay(new Date(at), nowMs), formatClock(new Date(at)).slice(0, 5)];
  return stepMs >= 86_400_000 ? day : `${day} ${clock}`;
}

/** A number of which one can say the half: 2, 4, 6, 10, 20, … */
function niceMax(count: number): number {
  const power = 10 ** Math.floor(Math.log10(count));
  const nice = [1, 2, 4, 6, 8, 10].find((factor) => factor * power >= count) ?? 10;
  return Math.max(nice * power, 2);
}
