#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { inspect } from './inspect.ts';
import type { Topology } from './topology.ts';

const FORMATS: Record<string, (topology: Topology) => string> = {
  text: (topology) => topology.toString(),
  mermaid: (topology) => topology.toMermaid(),
  dot: (topology) => topology.toDot(),
  svg: (topology) => topology.toSVG(),
  json: (topology) => `${JSON.stringify(topology, null, 2)}\n`,
};

const HELP = `usage: node-netns [--format ${Object.keys(FORMATS).join('|')}] [NAMESPACE...]

Prints the network namespaces that can be reached, by names, mounts and processes, with their
links, which link is whose other end, addresses, routes and published ports. With NAMESPACE (a
name, 'net:[INODE]' or INODE) only those. Names are shown with control characters escaped.

  -f, --format FORMAT  text (default), mermaid, dot (Graphviz), svg or json
  -h, --help           this help

Needs CAP_SYS_ADMIN to look into namespaces other than the caller's.
Ends with 0, with 1 when something can't be read, and with 2 for wrong arguments.
`;

class UsageError extends Error {}

function read(args: string[]): { format: string; only: string[]; help: boolean } {
  try {
    const { positionals, values } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        format: { type: 'string', short: 'f', default: 'text' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    const { format = 'text', help = false } = values;
    if (!Object.hasOwn(FORMATS, format)) {
      throw new UsageError(`unknown format '${format}': ${Object.keys(FORMATS).join(', ')}`);
    }
    return { format, only: positionals, help };
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** @returns the exit code */
async function main(args: string[]): Promise<number> {
  const { format, help, only } = read(args);
  if (help) {
    process.stdout.write(HELP);
    return 0;
  }
  const topology = await inspect();
  const chosen = only.length === 0 ? topology : topology.only(only);
  // Sent whole before the process ends: it ends by itself, without exit().
  process.stdout.write(FORMATS[format](chosen));
  const unread = chosen.namespaces.filter(({ error }) => error !== undefined);
  if (unread.length === 0) return 0;
  process.stderr.write(`node-netns: ${unread.length} namespaces could not be read\n`);
  return 1;
}

// A reader that has seen enough (`| head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});
try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`node-netns: ${message}\n`);
  if (error instanceof UsageError) process.stderr.write('Try node-netns --help\n');
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
