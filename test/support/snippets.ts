import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A ```ts block of a document, as a module that runs alone. */
export interface Snippet {
  /** 'README.md:42' */
  readonly name: string;
  readonly code: string;
}

/** The documents whose code is run. */
export function documents(): string[] {
  const docs = readdirSync(`${root}docs`)
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file}`);
  return ['README.md', ...docs.sort()];
}

interface Code {
  readonly imports: ReadonlyMap<string, ReadonlySet<string>>;
  readonly body: string;
}

const IMPORT = /^import (?:type )?\{([^}]*)\} from '([^']+)';$/gm;
const OTHER_IMPORT = /^import .*$/gm;

function split(text: string): Code {
  const imports = new Map<string, Set<string>>();
  for (const [, names, from] of text.matchAll(IMPORT)) {
    const known = imports.get(from) ?? new Set();
    for (const name of names.split(',')) if (name.trim() !== '') known.add(name.trim());
    imports.set(from, known);
  }
  return { imports, body: text.replaceAll(IMPORT, '') };
}

/** One module of what is hidden before a block and the block, which may declare names anew. */
function join(prelude: string, block: string): string {
  const [first, second] = [split(prelude), split(block)];
  const others = [...second.body.matchAll(OTHER_IMPORT)].map(([line]) => line);
  const merged = new Map([...first.imports].map(([from, names]) => [from, new Set(names)]));
  for (const [from, names] of second.imports) {
    merged.set(from, new Set([...(merged.get(from) ?? []), ...names]));
  }
  const imports = [...merged].map(
    ([from, names]) => `import { ${[...names].join(', ')} } from '${from}';`,
  );
  const body = second.body.replaceAll(OTHER_IMPORT, '').trim();
  return [...imports, ...others, first.body.trim(), '{', body, '}', 'export {};', ''].join('\n');
}

/**
 * The ```ts blocks of a document. What a block needs and a reader need not see stands before it in
 * a comment, `<!-- prelude` … `-->`, and holds until the next heading or the next such comment.
 */
export function snippetsIn(document: string, text: string): Snippet[] {
  const snippets: Snippet[] = [];
  const lines = text.split('\n');
  let prelude = '';
  for (let at = 0; at < lines.length; at++) {
    const until = (end: string) => {
      const from = at + 1;
      for (at = from; at < lines.length && lines[at].trim() !== end; at++);
      if (at === lines.length) throw new Error(`${document}:${from}: no ${end} follows`);
      return lines.slice(from, at).join('\n');
    };
    if (/^#+ /.test(lines[at])) prelude = '';
    else if (lines[at].trim() === '<!-- prelude') prelude = until('-->');
    else if (lines[at].trim() === '```ts') {
      const name = `${document}:${at + 1}`;
      snippets.push({ name, code: join(prelude, until('```')) });
    } else if (lines[at].startsWith('```')) until('```');
  }
  return snippets;
}

export function allSnippets(): Snippet[] {
  return documents().flatMap((file) => snippetsIn(file, readFileSync(`${root}${file}`, 'utf8')));
}
