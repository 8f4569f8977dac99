/** What a failed call tells beside its message. */
export interface NetlinkErrorDetails {
  /** The kernel's name of the error ('EEXIST'), or a code of this library ('ERR_NETNS_CLOSED'). */
  code: string;
  /** The negative error number, as Node's own system errors carry it; 0 where no kernel call failed. */
  errno?: number;
  /** The system call or netlink message that failed: 'mount', 'RTM_NEWLINK'. */
  syscall?: string;
  /** What the kernel itself said (extended acknowledgement), where it said anything. */
  kernelMessage?: string;
  /** The path of the attribute that the kernel points at: 'linkinfo.data.id'. */
  attribute?: string;
  /** The namespace the call was for: its name, or `net:[inode]`. */
  netns?: string;
  /** Whether the kernel had begun when the call was given up (signal, timeout). */
  started?: boolean;
  /** In a batch: the position of the request that failed first. */
  request?: number;
  cause?: unknown;
}

/**
 * Every failure that the kernel or the state of a namespace causes. Bad arguments are `TypeError`
 * and `RangeError` with Node's `ERR_INVALID_ARG_*` and `ERR_OUT_OF_RANGE` codes instead, and are
 * thrown before anything is sent.
 */
export class NetlinkError extends Error {
  override readonly name: string = 'NetlinkError';
  readonly code: string;
  readonly errno: number;
  // Declared only: what is not known is no property, for an error is printed with all it has.
  declare readonly syscall?: string;
  declare readonly kernelMessage?: string;
  declare readonly attribute?: string;
  declare readonly netns?: string;
  declare readonly started?: boolean;
  declare readonly request?: number;
  /** Of a batch: every request that failed, in order. Not enumerable, for this error is among them. */
  declare readonly failures?: { request: number; error: NetlinkError }[];

  constructor(message: string, details: NetlinkErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = details.code;
    this.errno = details.errno ?? 0;
    if (details.syscall !== undefined) this.syscall = details.syscall;
    if (details.kernelMessage) this.kernelMessage = details.kernelMessage;
    if (details.attribute !== undefined) this.attribute = details.attribute;
    if (details.netns !== undefined) this.netns = details.netns;
    if (details.started !== undefined) this.started = details.started;
    if (details.request !== undefined) this.request = details.request;
  }
}

/** An error as Node's own: with a `code`, and the code shown in the stack's first line. */
function coded<E extends Error>(error: E, code: string): E & { code: string } {
  const name = error.name;
  Object.defineProperty(error, 'name', { value: `${name} [${code}]`, configurable: true });
  // The stack is captured lazily from the name: reading it here fixes the code into it.
  error.stack;
  Object.defineProperty(error, 'name', { value: name, configurable: true, writable: true });
  return Object.assign(error, { code });
}

/** A short rendering of any value for an error message. */
export function show(value: unknown): string {
  if (typeof value === 'string') {
    const text = JSON.stringify(value.length > 64 ? `${value.slice(0, 64)}…` : value);
    return text.replaceAll("'", "\\'").replace(/^"(.*)"$/s, "'$1'");
  }
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'function') return `function ${value.name || '(anonymous)'}`;
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (typeof value === 'object' && value !== null) {
    const name = value.constructor?.name;
    return name && name !== 'Object' ? `an instance of ${name}` : 'an object';
  }
  return String(value);
}

/** `path` holds a value of the wrong type. */
export function invalidType(path: string, value: unknown, allowed: string): TypeError {
  return coded(
    new TypeError(`${path} must be ${allowed}; received ${describeType(value)}`),
    'ERR_INVALID_ARG_TYPE',
  );
}

function describeType(value: unknown): string {
  if (value === undefined || value === null || typeof value === 'object') return show(value);
  return `${typeof value} ${show(value)}`;
}

/** `path` holds a value of the right type that means nothing here. */
export function invalidValue(path: string, value: unknown, allowed: string): TypeError {
  return coded(
    new TypeError(`${path} must be ${allowed}; received ${show(value)}`),
    'ERR_INVALID_ARG_VALUE',
  );
}

/** `path` holds a number outside its range. */
export function outOfRange(path: string, value: unknown, allowed: string): RangeError {
  return coded(
    new RangeError(`${path} must be ${allowed}; received ${show(value)}`),
    'ERR_OUT_OF_RANGE',
  );
}

/** `path` has a key that nothing reads: most often a misspelling, so near names are offered. */
export function unknownKey(path: string, key: string, allowed: Iterable<string>): TypeError {
  const names = [...allowed];
  const near = names.filter((name) => distance(name, key) <= 2);
  const hint =
    near.length > 0 ? `did you mean '${near.join("' or '")}'?` : `known: ${names.join(', ')}`;
  const full = path === '' ? key : `${path}.${key}`;
  return coded(new TypeError(`${full} is not an option; ${hint}`), 'ERR_INVALID_ARG_VALUE');
}

/** The edit distance of two short names, a swap of neighbours being one edit. */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) return 3;
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min(row[j - 1] + 1, rows[i - 1][j] + 1, rows[i - 1][j - 1] + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, rows[i - 2][j - 2] + 1);
      }
      row.push(best);
    }
    rows.push(row);
  }
  return rows[a.length][b.length];
}
