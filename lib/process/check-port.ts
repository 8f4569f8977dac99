import type { NetNs } from '../netns/netns.ts';
import { type ConnectOptions, connect } from './connect.ts';

export interface CheckPortOptions {
  /** localhost unless given. */
  host?: string;
  port: number;
  /** Milliseconds; 1000 unless given. */
  timeout?: number;
  signal?: AbortSignal;
}

/** What is behind a port. */
export interface PortState {
  /** open: connected. closed: refused. filtered: no answer, or none can come. */
  state: 'open' | 'closed' | 'filtered';
  /** Milliseconds until that was known. */
  ms: number;
  /** The error that says so: ECONNREFUSED, ETIMEDOUT, EHOSTUNREACH, ENETUNREACH. */
  code?: string;
}

const FILTERED = new Set([
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EACCES',
  'EPERM',
  'EHOSTDOWN',
]);

/** `ns.checkPort`: see install.ts. */
export async function checkPort(ns: NetNs, options: CheckPortOptions): Promise<PortState> {
  const { timeout = 1000, signal, ...target } = options;
  const started = performance.now();
  const told = (state: PortState['state'], code?: string): PortState => ({
    state,
    ms: performance.now() - started,
    ...(code !== undefined && { code }),
  });
  const to: ConnectOptions = target;
  try {
    (await connect(ns, to, { timeout, signal })).destroy();
    return told('open');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code === 'ECONNREFUSED') return told('closed', code);
    if (FILTERED.has(code)) return told('filtered', code);
    throw error;
  }
}
