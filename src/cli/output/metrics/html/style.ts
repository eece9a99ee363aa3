/** The colours of the page of the dashboard (src/dashboard/page/styles/colours.css), a test compares them. */
export const LIGHT = {
  back: '#f6f7f9',
  panel: '#ffffff',
  text: '#15181e',
  dim: '#57606d',
  border: '#dfe3e8',
  warn: '#8a5200',
  bad: '#b3201f',
  'bar-ok': '#86b89b',
  'bar-refused': '#d9890b',
  'bar-failed': '#cf3030',
  'bar-skipped': '#c3cad4',
};
export const DARK: typeof LIGHT = {
  back: '#0e1116',
  panel: '#161a21',
  text: '#e7ebf1',
  dim: '#a0aab8',
  border: '#2a313b',
  warn: '#e5b04a',
  bad: '#ff8c85',
  'bar-ok': '#3f7f5c',
  'bar-refused': '#d99a2b',
  'bar-failed': '#e0605a',
  'bar-skipped': '#4a5361',
};

const variables = (colours: typeof LIGHT): string =>
  Object.entries(colours)
    .map(([name, value]) => `--${name}: ${value};`)
    .join(' ');

/** Paper is white, whatever the screen is. */
export const STYLE = `
:root { color-scheme: light dark; ${variables(LIGHT)} --wait: #1d56c9; }
@media screen and (prefers-color-scheme: dark) { :root { ${variables(DARK)} --wait: #85b3ff; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 64rem; padding: 2rem 1.25rem; font: 14px/1.45 system-ui, sans-serif; color: var(--text); background: var(--back); overflow-wrap: anywhere; }
h1 { margin: 0; font-size: 1.5rem; letter-spacing: -.01em; }
h2 { margin: 0; padding: .7rem .9rem .5rem; font-size: .95rem; }
p { margin: .5rem 0 0; }
.span, .note, .none, small, footer { color: var(--dim); }
section, .cards li, figure { margin: .9rem 0 0; border: 1px solid var(--border); border-radius: 8px; background: var(--panel); break-inside: avoid; }
section > p { margin: 0; padding: .2rem .9rem .7rem; }
.cards { display: grid; grid-template-columns: repeat(4, minmax(0, 1fr)); gap: .9rem; padding: 0; margin: .9rem 0 0; list-style: none; }
.cards li { margin: 0; padding: .6rem .9rem; }
.cards b { display: block; font-size: 1.5rem; letter-spacing: -.02em; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.failed { color: var(--bad); }
.refused { color: var(--warn); }
figure { padding: .7rem .9rem; }
figcaption { display: flex; flex-wrap: wrap; gap: .1rem 1rem; justify-content: space-between; font-weight: 600; }
.legend { display: flex; flex-wrap: wrap; gap: 0 .9rem; color: var(--dim); font-size: .9em; font-weight: normal; }
.legend i { display: inline-block; width: 10px; height: 10px; margin-right: .35rem; border-radius: 2px; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
svg { display: block; position: relative; width: calc(100% - 3rem); height: 170px; margin-left: 3rem; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
.plot { position: relative; margin-top: .4rem; border-bottom: 1px solid var(--border); }
.plot span { position: absolute; right: 0; left: 0; color: var(--dim); font-size: 11px; line-height: 1.2; border-top: 1px solid var(--border); }
.axis { display: flex; justify-content: space-between; margin: 0 0 0 3rem; color: var(--dim); font-size: 11px; }
.bar-ok { fill: var(--bar-ok); background: var(--bar-ok); }
.bar-refused { fill: var(--bar-refused); background: var(--bar-refused); }
.bar-failed { fill: var(--bar-failed); background: var(--bar-failed); }
.bar-skipped { fill: var(--bar-skipped); background: var(--bar-skipped); }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .5rem; text-align: left; vertical-align: top; border-top: 1px solid var(--border); }
th { color: var(--dim); font-size: .9em; font-weight: 500; white-space: nowrap; }
:is(th, td):first-child { padding-left: .9rem; }
:is(th, td):last-child { padding-right: .9rem; }
small { display: block; font-size: .9em; }
tr { break-inside: avoid; }
.number { text-align: right; white-space: nowrap; }
td.more { white-space: nowrap; }
.bar { padding-bottom: .55rem; background: linear-gradient(var(--wait), var(--wait)) right .5rem bottom 4px / calc((100% - 1rem) * var(--part)) 4px no-repeat; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
ul.plain { margin: 0; padding: 0 .9rem .7rem 2rem; color: var(--dim); }
footer { margin-top: 1.5rem; font-size: .9em; }
@media (max-width: 40rem) {
  body { padding: 1rem .75rem; }
  .cards { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .more { display: none; }
  td:first-child { min-width: 8rem; }
}
@media print { body { max-width: none; padding: 0; background: none; } }
`;
