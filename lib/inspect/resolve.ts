/** A link's other end or lower link, as the link's own namespace tells it. */
export interface Reference {
  namespace: string;
  /** The link that refers. */
  index: number;
  /** The link referred to, by its index there. */
  far: number;
  /** The other namespace by its id here; undefined: this one. */
  nsid: number | undefined;
  /** The two refer to each other (veth, netkit), so that one answer serves both. */
  pair: boolean;
}

/** What is known of a namespace's links: index to the index they refer to. */
export type LinksOf = ReadonlyMap<string, ReadonlyMap<number, number | undefined>>;

/**
 * Asks the kernel by which ids a namespace knows others (RTM_GETNSID); undefined: by none.
 */
export type AskIds = (
  namespace: string,
  others: readonly string[],
) => Promise<(number | undefined)[]>;

/**
 * Finds the namespace of each reference, by what the kernel says alone: an index proves nothing,
 * as every container has an eth0 of index 2, but it tells whom it is worth to ask about.
 * @param known ids that were asked before: namespace, then id, to the other namespace
 * @returns for each reference its namespace, or undefined when that is out of reach
 */
export async function resolveReferences(
  references: readonly Reference[],
  links: LinksOf,
  known: ReadonlyMap<string, ReadonlyMap<number, string>>,
  ask: AskIds,
): Promise<(string | undefined)[]> {
  const answers: (string | undefined)[] = references.map(({ namespace, nsid }) =>
    nsid === undefined ? namespace : known.get(namespace)?.get(nsid),
  );
  const places = new Map(references.map((ref, i) => [`${ref.namespace}/${ref.index}`, i]));
  /** The other end of a pair whose one end is found refers back. */
  const mirror = (i: number): void => {
    const { far, index, namespace, pair } = references[i];
    const back = places.get(`${answers[i]}/${far}`);
    if (!pair || back === undefined) return;
    if (references[back].far === index && references[back].pair) answers[back] ??= namespace;
  };
  references.forEach((_, i) => {
    if (answers[i] !== undefined) mirror(i);
  });

  const open = new Map<string, number[]>();
  references.forEach(({ namespace }, i) => {
    if (answers[i] !== undefined) return;
    const list = open.get(namespace);
    if (list) list.push(i);
    else open.set(namespace, [i]);
  });
  // Who refers to most others first: a host's answers settle those of its containers.
  const order = [...open].sort((a, b) => b[1].length - a[1].length).map(([namespace]) => namespace);
  for (const namespace of order) {
    const waiting = (open.get(namespace) ?? []).filter((i) => answers[i] === undefined);
    const candidates = new Set(waiting.flatMap((i) => candidatesOf(references[i], links)));
    if (candidates.size === 0) continue;
    const others = [...candidates];
    const ids = await ask(namespace, others);
    const byId = new Map(ids.flatMap((id, n) => (id === undefined ? [] : [[id, others[n]]])));
    for (const i of waiting) {
      answers[i] = byId.get(references[i].nsid ?? -1);
      if (answers[i] !== undefined) mirror(i);
    }
  }
  return answers;
}

/** The namespaces that have a link of the wanted index, for a pair one that refers back. */
function candidatesOf(reference: Reference, links: LinksOf): string[] {
  const found: string[] = [];
  for (const [namespace, there] of links) {
    if (namespace === reference.namespace || !there.has(reference.far)) continue;
    if (reference.pair && there.get(reference.far) !== reference.index) continue;
    found.push(namespace);
  }
  return found;
}
