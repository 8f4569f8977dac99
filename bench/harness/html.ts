import { draw, escapeText, type Plot } from './plot.ts';
import type { Run } from './report.ts';
import { figure, type Result } from './statistics.ts';

function plots({ title, contestants }: Result): Plot[] {
  const all = Object.entries(contestants);
  const drawn: Plot[] = [];
  const many = all.filter(([, summary]) => summary.samples >= 20);
  if (many.length > 0) {
    drawn.push({
      title: `${title}: how long it took`,
      x: '% of all, from the fastest to the slowest',
      y: 'µs',
      logarithmic: true,
      lines: many.map(([name, { curve }]) => ({
        name,
        points: curve.map((ns, i) => [(i / (curve.length - 1)) * 100, ns / 1_000]),
      })),
    });
  }
  const lasting = all.filter(([, summary]) => (summary.series?.length ?? 0) > 1);
  if (lasting.length > 0) {
    drawn.push({
      title: `${title}: rate`,
      x: 'seconds',
      y: 'a second',
      lines: lasting.map(([name, { series = [] }]) => ({
        name,
        points: series.map((count, i) => [i, count]),
      })),
    });
  }
  return drawn;
}

function table(result: Result): string {
  const ours = result.contestants.ours;
  const cell = (text: string) => `<td>${escapeText(text)}</td>`;
  const body = Object.entries(result.contestants).map(([name, s]) => {
    const ratio = ours === undefined ? '' : `${(s.p50 / ours.p50).toFixed(2)} × ours`;
    const rate = s.rate === undefined ? '' : `${s.rate.toFixed(0)}/s`;
    const cells = [
      name,
      figure(s.p50, result.unit),
      figure(s.p99, result.unit),
      figure(s.p999, result.unit),
      ratio,
      rate,
      `${s.samples}`,
    ];
    return `<tr>${cells.map(cell).join('')}</tr>`;
  });
  const goals = result.verdicts.map(
    ({ met, text }) => `<li>${met ? '✓' : '✗'} ${escapeText(text)}</li>`,
  );
  return [
    '<table><tr><th></th><th>median</th><th>p99</th><th>p99.9</th><th></th><th></th><th>samples</th></tr>',
    ...body,
    '</table>',
    `<ul>${goals.join('')}</ul>`,
  ].join('\n');
}

/** The run as one page that needs nothing beside it. */
export function page(run: Run): string {
  const machine = `${run.cpus} × ${run.cpu ?? 'unknown CPU'}, Linux ${run.kernel}, Node ${run.node}`;
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>node-netns: benchmark</title>',
    '<style>body{font:15px/1.5 sans-serif;max-width:900px;margin:2em auto;padding:0 1em}',
    'td,th{padding:.15em .8em;text-align:right}td:first-child{text-align:left}ul{list-style:none}</style>',
    '</head><body>',
    '<h1>node-netns: benchmark</h1>',
    `<p>${escapeText(machine)}. ${escapeText(run.at)}${run.quick ? ' (quick: few samples)' : ''}</p>`,
    ...run.results.flatMap((result) => [
      `<h2>${escapeText(result.title)}</h2>`,
      table(result),
      ...plots(result).map(draw),
    ]),
    '</body></html>',
    '',
  ].join('\n');
}
