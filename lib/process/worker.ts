import { fileURLToPath } from 'node:url';
import { Worker, type WorkerOptions } from 'node:worker_threads';
import { invalidType } from '../errors.ts';
import { NetNs } from '../netns/netns.ts';
import { inside } from './inside.ts';

const HOME = Symbol('netns');

interface Placed extends WorkerOptions {
  [HOME]?: NetNs;
}

/** A worker whose thread is started by one that is inside: it is born there and never leaves. */
const Born = new Proxy(Worker, {
  construct(target, [filename, options]: [string | URL, Placed], newTarget) {
    const { [HOME]: ns, ...rest } = options;
    if (ns === undefined) throw invalidType('netns', ns, 'a NetNs');
    const made: Worker = inside(ns, 'NetNsWorker', () =>
      Reflect.construct(target, [filename, rest], newTarget),
    );
    return made;
  },
});

// A worker takes no TypeScript: run from its sources, the library has this file in dist alone.
const start = import.meta.url.endsWith('.ts')
  ? '../../dist/process/worker-start.js'
  : './worker-start.js';
/** Run by each worker before its own code. Required, not imported: a worker of `eval` skips imports. */
const PREPARATION = ['--require', fileURLToPath(new URL(start, import.meta.url))];

/**
 * A worker thread that lives in the namespace for good: net, dgram, http, fetch, dns.resolve and
 * this library work there as anywhere, but in the namespace. Its options, events and methods are
 * those of node:worker_threads' Worker; `terminate` may come at any time. It does not need the
 * handle: after `close()` the thread keeps the namespace by itself.
 *
 * dns.lookup, and with it whatever connects to a name, asks the namespace's name servers by itself:
 * Node's own asks on a thread of libuv's pool, and that is in the process's namespace. For the same
 * reason dns.lookupService fails in such a worker.
 *
 * @throws NetlinkError EPERM where the namespace may not be entered, as one of `createRootless`
 */
export class NetNsWorker extends Born {
  constructor(netns: NetNs, filename: string | URL, options: WorkerOptions = {}) {
    if (!(netns instanceof NetNs)) throw invalidType('netns', netns, 'a NetNs');
    const execArgv = [...(options.execArgv ?? inherited()), ...PREPARATION];
    const placed: Placed = { ...options, execArgv, [HOME]: netns };
    super(filename, placed);
  }
}

let inheritable: readonly string[] | undefined;

/**
 * The process's own options, as a worker gets them that is given none. To give one more, those must
 * be left out that are of the whole process: a worker takes them by inheritance alone.
 */
function inherited(): readonly string[] {
  if (inheritable === undefined) {
    const refused = refusedOptions(process.execArgv);
    inheritable = process.execArgv.filter((option) => !refused.includes(option));
  }
  return inheritable;
}

/** Node names those in its refusal, which comes before it looks for the file. */
function refusedOptions(execArgv: string[]): string[] {
  if (execArgv.length === 0) return [];
  try {
    void new Worker('', { eval: true, execArgv }).terminate();
    return [];
  } catch (error) {
    const flags = /invalid execArgv flags: (.*)$/.exec(error instanceof Error ? error.message : '');
    if (flags === null) throw error;
    return flags[1].split(', ');
  }
}
