type Maker = (values: readonly unknown[]) => Record<string, unknown>;

/** So many equal sequences in a row make a literal worth its compilation (some 50 µs). */
const WORTH_IT = 12;
/** So many different ones in a row say that this table's objects have no common shape. */
const HOPELESS = 200;
/** Below this, adding properties one by one is as fast. */
const SMALL = 8;

/**
 * Makes the objects that a table reads. The kernel sends the same attributes in the same order for
 * each link, route or neighbour of a list; an object that grows property by property through a
 * computed key is turned into a hash table after a dozen, 50 times slower than a literal. So, once
 * the same keys have come a few times, a literal with them is compiled. Where making code from
 * strings is forbidden (`--disallow-code-generation-from-strings`), all works the slow way.
 */
export class Shapes {
  readonly keys: string[] = [];
  readonly values: unknown[] = [];
  /** Attributes read so far into `values`; their keys equal `keys` as far as `same` says. */
  count = 0;
  busy = false;
  #known: string[] = [];
  #equal = 0;
  #misses = 0;
  #make: Maker | undefined;

  get hopeless(): boolean {
    return this.#misses >= HOPELESS;
  }

  /** An object that has to be read the slow way. */
  miss(): void {
    this.#misses++;
  }

  add(key: string, value: unknown): void {
    this.keys[this.count] = key;
    this.values[this.count++] = value;
  }

  /** The object with what was added. */
  finish(): Record<string, unknown> {
    const { count, keys, values } = this;
    if (count > SMALL && this.#isKnown()) {
      if (this.#make !== undefined) return this.#make(values);
      if (++this.#equal === WORTH_IT) this.#make = compile(this.#known);
    } else if (count > SMALL) {
      this.#known = keys.slice(0, count);
      this.#equal = 0;
      this.#make = undefined;
      this.#misses++;
    }
    const out: Record<string, unknown> = {};
    for (let i = 0; i < count; i++) out[keys[i]] = values[i];
    return out;
  }

  #isKnown(): boolean {
    const known = this.#known;
    if (known.length !== this.count) return false;
    for (let i = 0; i < known.length; i++) if (known[i] !== this.keys[i]) return false;
    this.#misses = 0;
    return true;
  }
}

function compile(keys: readonly string[]): Maker | undefined {
  const properties = keys.map((key, i) => `${JSON.stringify(key)}: values[${i}]`);
  try {
    return new Function('values', `return { ${properties.join(', ')} };`) as Maker;
  } catch {
    // An EvalError: forbidden here.
    return undefined;
  }
}
