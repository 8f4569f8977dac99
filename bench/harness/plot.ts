/** A line of a plot: what it is called, and its points. */
export interface Line {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface Plot {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  /** Steps of ten are evenly high. */
  readonly logarithmic?: boolean;
  readonly lines: readonly Line[];
}

const width = 640;
const height = 300;
const margin = { left: 70, right: 150, top: 30, bottom: 42 };
const colours = ['#1664c0', '#d1495b', '#3a7d44', '#8a5fbf', '#c77d0a', '#4a4a4a'];

export function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}

/** Round numbers that cover `from` to `to`. */
function ticks(from: number, to: number, logarithmic: boolean): number[] {
  if (logarithmic) {
    const [low, high] = [Math.floor(Math.log10(from)), Math.ceil(Math.log10(to))];
    return Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i));
  }
  const rough = (to - from) / 5 || 1;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((n) => n * unit).find((n) => n >= rough) ?? rough;
  const count = Math.ceil((to - from) / step) + 1;
  return Array.from({ length: count }, (_, i) => from + i * step);
}

/** The plot as an SVG element that needs nothing beside it. */
export function draw({ title, x, y, lines, logarithmic = false }: Plot): string {
  const points = lines.flatMap((line) => line.points);
  const ys = points.map(([, value]) => value);
  const xTicks = ticks(0, Math.max(1, ...points.map(([value]) => value)), false);
  const yTicks = ticks(
    logarithmic ? Math.max(0.01, Math.min(...ys)) : 0,
    Math.max(...ys),
    logarithmic,
  );
  const scale = (value: number, all: readonly number[], from: number, to: number, log: boolean) => {
    const f = (n: number) => (log ? Math.log10(n) : n);
    const [low, high] = [f(all[0]), f(all[all.length - 1])];
    return from + ((f(value) - low) / (high - low || 1)) * (to - from);
  };
  const px = (v: number) => scale(v, xTicks, margin.left, width - margin.right, false).toFixed(1);
  const py = (v: number) =>
    scale(v, yTicks, height - margin.bottom, margin.top, logarithmic).toFixed(1);
  const right = width - margin.right;
  const grid = [
    ...yTicks.map(
      (tick) =>
        `<path d="M${margin.left} ${py(tick)}H${right}" stroke="#ddd"/>` +
        `<text x="${margin.left - 6}" y="${py(tick)}" dy=".35em" text-anchor="end">${tick.toLocaleString('en')}</text>`,
    ),
    ...xTicks.map(
      (tick) =>
        `<text x="${px(tick)}" y="${height - margin.bottom + 16}" text-anchor="middle">${tick.toLocaleString('en')}</text>`,
    ),
  ];
  const drawn = lines.map((line, i) => {
    const colour = colours[i % colours.length];
    const path = line.points.map(([a, b]) => `${px(a)},${py(b)}`).join(' ');
    const at = margin.top + 8 + i * 18;
    return (
      `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>` +
      `<path d="M${right + 12} ${at}h16" stroke="${colour}" stroke-width="3"/>` +
      `<text x="${right + 34}" y="${at}" dy=".35em">${escapeText(line.name)}</text>`
    );
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" font-family="sans-serif" font-size="12">`,
    `<text x="${margin.left}" y="16" font-weight="bold">${escapeText(title)}</text>`,
    ...grid,
    ...drawn,
    `<text x="${(margin.left + right) / 2}" y="${height - 6}" text-anchor="middle">${escapeText(x)}</text>`,
    `<text x="12" y="${height / 2}" text-anchor="middle" transform="rotate(-90 12 ${height / 2})">${escapeText(y)}</text>`,
    '</svg>',
  ].join('\n');
}
