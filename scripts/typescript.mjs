// node --import ./scripts/typescript.mjs FILE.ts: runs TypeScript on any Node that the project
// supports, `await using` included, without writing files. For the benchmark and the examples.
import { readFile } from 'node:fs/promises';
import { register } from 'node:module';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';

// This file is both what registers the hooks and, on their own thread, the hooks themselves.
if (isMainThread || !import.meta.url.endsWith('#hooks')) {
  register(`${import.meta.url}#hooks`);
}

export async function load(url, context, nextLoad) {
  if (!url.startsWith('file:') || !/\.m?ts$/.test(url)) return nextLoad(url, context);
  const { transform } = await import('esbuild');
  const path = fileURLToPath(url);
  const { code } = await transform(await readFile(path, 'utf8'), {
    loader: 'ts',
    format: 'esm',
    target: 'node20',
    sourcefile: path,
    sourcemap: 'inline',
  });
  return { format: 'module', source: code, shortCircuit: true };
}
