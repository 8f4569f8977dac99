import { describe, expect, it } from 'vitest';
import type { Rect } from '../../lib/inspect/boxes.ts';
import { edgesOf, type Graph, type LinkNode, type NamespaceNode } from '../../lib/inspect/graph.ts';
import { layOut } from '../../lib/inspect/layout.ts';
import { escapeMermaid } from '../../lib/inspect/mermaid.ts';
import { Topology } from '../../lib/inspect/topology.ts';
import { publishedText, routeText, visible } from '../../lib/inspect/words.ts';

function link(index: number, name: string, more: Partial<LinkNode> = {}): LinkNode {
  return {
    index,
    name,
    altNames: [],
    loopback: false,
    up: true,
    operState: 'up',
    mtu: 1500,
    addresses: [],
    ...more,
  };
}

function namespace(inode: number, more: Partial<NamespaceNode> = {}): NamespaceNode {
  return {
    id: `net:[${inode}]`,
    inode,
    current: false,
    names: [],
    mounts: [],
    processes: [],
    handles: 0,
    links: [],
    routes: [],
    published: [],
    ...more,
  };
}

const HOST = 'net:[1]';
const WEB = 'net:[2]';

/** A bridge with two ports, one into `web`, one into a place out of reach, and a vlan. */
function sample(): Graph {
  const peer = { namespace: WEB, index: 2, name: 'eth0' };
  const back = { namespace: HOST, index: 3, name: 'veth-web' };
  const bridge = { namespace: HOST, index: 2, name: 'br0' };
  return {
    namespaces: [
      namespace(1, {
        current: true,
        processes: [
          { pid: 1, command: 'init' },
          { pid: 50, command: 'node', threads: [53, 54] },
        ],
        handles: 1,
        links: [
          link(1, 'lo', {
            loopback: true,
            operState: 'unknown',
            addresses: [{ address: '127.0.0.1/8' }],
          }),
          link(2, 'br0', { kind: 'bridge', addresses: [{ address: '10.88.0.1/16' }] }),
          link(3, 'veth-web', { kind: 'veth', master: bridge, peer, alias: 'the web' }),
          link(4, 'veth-far', {
            kind: 'veth',
            master: bridge,
            up: false,
            operState: 'down',
            far: { index: 9, nsid: 7 },
          }),
          link(5, 'vlan10', {
            kind: 'vlan',
            lower: bridge,
            operState: 'lowerlayerdown',
            altNames: ['ten'],
          }),
        ],
        routes: [{ family: 4, dst: '10.88.0.0/16', dev: 'br0' }],
        published: [
          {
            protocol: 'tcp',
            hostPort: 8080,
            count: 1,
            address: '10.88.0.2',
            port: 80,
            target: WEB,
          },
        ],
      }),
      namespace(2, {
        names: ['web'],
        links: [
          link(2, 'eth0', {
            kind: 'veth',
            peer: back,
            addresses: [{ address: '10.88.0.2/16' }, { address: 'fe80::1/64', tentative: true }],
          }),
        ],
        routes: [{ family: 4, dst: 'default', via: '10.88.0.1', dev: 'eth0' }],
      }),
      namespace(3, { processes: [{ pid: 77, command: 'sleep' }], error: 'EACCES: no' }),
    ],
  };
}

const CLEAR = '"]; end\n<b>&amp;`\'\\N#35;{}|--><!--%%';
const HOSTILE = `${CLEAR}\u001b[31m\u202e\u0000\ud800`;

function hostile(): Graph {
  const graph = sample();
  for (const ns of graph.namespaces) {
    ns.names = [HOSTILE];
    ns.processes = [{ pid: 1, command: HOSTILE }];
    for (const l of ns.links) {
      l.name = HOSTILE;
      l.alias = HOSTILE;
      l.altNames = [HOSTILE];
      l.kind = HOSTILE;
      for (const ref of [l.peer, l.master, l.lower]) if (ref) ref.name = HOSTILE;
    }
    ns.routes = [{ family: 4, dst: 'default', dev: HOSTILE, table: HOSTILE }];
    if (ns.error) ns.error = HOSTILE;
  }
  return graph;
}

describe('visible', () => {
  it.each([
    ['eth0', 'eth0'],
    ['ünïcödé-日本', 'ünïcödé-日本'],
    ['a\u001b[2J', 'a\\x1b[2J'],
    ['a\nb\tc\u007f', 'a\\x0ab\\x09c\\x7f'],
    ['\u202eabc\u200b', '\\u202eabc\\u200b'],
    ['a\\x1b', 'a\\\\x1b'],
    ['\ud800', '\\ud800'],
    ['x\udc00', 'x\\udc00'],
    ['🦆', '🦆'],
  ])('%j', (given, shown) => {
    expect(visible(given)).toBe(shown);
  });
});

describe('edgesOf', () => {
  it('draws each pair once, and only lines whose both ends are known', () => {
    expect(
      edgesOf(sample()).map((edge) => `${edge.from.name} ${edge.kind} ${edge.to.name}`),
    ).toEqual(['veth-web port br0', 'veth-web peer eth0', 'veth-far port br0', 'vlan10 lower br0']);
  });

  it('leaves out a peer that is not in the graph', () => {
    const graph = sample();
    graph.namespaces.splice(1, 1);
    expect(edgesOf(graph).some((edge) => edge.kind === 'peer')).toBe(false);
  });
});

describe('text', () => {
  it('prints a paragraph a namespace', () => {
    expect(new Topology(sample()).toString()).toBe(
      `here  net:[1]  processes: init 1, node 50 thread 53 54  1 handle
  lo          loopback up               127.0.0.1/8
  br0         bridge up                 10.88.0.1/16
  ├ veth-web  veth up                   ⇄ eth0 in web  “the web”
  └ veth-far  veth down                 ⇄ out of reach (index 9, nsid 7)
  vlan10      vlan up (lowerlayerdown)  on br0  also ten
  route 10.88.0.0/16 dev br0
  publish tcp *:8080 → 10.88.0.2:80 in web

web  net:[2]
  eth0  veth up  10.88.0.2/16  fe80::1/64 tentative  ⇄ veth-web in here
  route default via 10.88.0.1 dev eth0

sleep (pid 77)  net:[3]  processes: sleep 77
  can't be read: EACCES: no
`,
    );
  });

  it('survives links that are each other’s master', () => {
    const graph: Graph = {
      namespaces: [
        namespace(1, {
          links: [
            link(1, 'a', { master: { namespace: HOST, index: 2, name: 'b' } }),
            link(2, 'b', { master: { namespace: HOST, index: 1, name: 'a' } }),
          ],
        }),
      ],
    };
    expect(new Topology(graph).toString().match(/ [ab] {2}/g)).toHaveLength(3);
    expect(layOut(graph).namespaces[0].links).toHaveLength(2);
  });

  it('lets no name forge a line or reach the terminal', () => {
    const lines = new Topology(hostile()).toString().split('\n');
    expect(lines.length).toBe(new Topology(sample()).toString().split('\n').length + 1);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: none may come through
    expect(lines.join('')).not.toMatch(/[\u0000-\u001f\u202e\ud800]/);
  });
});

describe('words', () => {
  it('routes as ip writes them', () => {
    expect(
      routeText({
        family: 4,
        dst: '10.0.0.0/8',
        type: 'blackhole',
        metric: 5,
        table: 100,
      }),
    ).toBe('blackhole 10.0.0.0/8 metric 5 table 100');
    expect(
      routeText({
        family: 6,
        dst: 'default',
        source: 'fd00::1',
        nexthops: [{ via: 'fe80::1', dev: 'eth0', weight: 2 }, { dev: 'eth1' }],
      }),
    ).toBe('default src fd00::1 nexthop via fe80::1 dev eth0 weight 2 nexthop dev eth1');
  });

  it('published ranges and IPv6', () => {
    expect(
      publishedText({
        protocol: 'udp',
        hostAddress: 'fd00::1',
        hostPort: 5000,
        count: 3,
        address: 'fd00::2',
        port: 6000,
      }),
    ).toBe('udp [fd00::1]:5000-5002 → [fd00::2]:6000-6002');
  });
});

describe('Mermaid', () => {
  it('is a flowchart with a subgraph a namespace', () => {
    expect(new Topology(sample()).toMermaid()).toBe(`flowchart LR
  subgraph ns0["here<br/>net:#91;1#93;<br/>processes: init 1, node 50 thread 53 54<br/>1 handle"]
    ns0l1["lo<br/>loopback up<br/>127.0.0.1/8"]
    ns0l2["br0<br/>bridge up<br/>10.88.0.1/16"]
    ns0l3["veth-web<br/>veth up"]
    ns0l4["veth-far<br/>veth down"]
    ns0l5["vlan10<br/>vlan up (lowerlayerdown)"]
    ns0p[/"tcp #42;:8080 → 10.88.0.2:80"/]
  end
  subgraph ns1["web<br/>net:#91;2#93;"]
    ns1l2["eth0<br/>veth up<br/>10.88.0.2/16<br/>fe80::1/64 tentative"]
  end
  subgraph ns2["sleep (pid 77)<br/>net:#91;3#93;<br/>processes: sleep 77"]
    ns2e["EACCES: no"]
  end
  ns0l3 --- ns0l2
  ns0l3 <--> ns1l2
  ns0l4 --- ns0l2
  ns0l5 -.-> ns0l2
`);
  });

  it('keeps hostile names inside their quotes', () => {
    expect(escapeMermaid('a"]<b>#`')).toBe('a#34;#93;#60;b#62;#35;#96;');
    const labels = new Topology(hostile()).toMermaid().match(/"[^"]*"/g) ?? [];
    for (const label of labels) {
      expect(label.replace(/<br\/>/g, '').replace(/#\d+;/g, '')).toMatch(
        /^"[A-Za-z0-9 .,:/+=()@_⇄→…-]*"$/,
      );
    }
    expect(new Topology(hostile()).toMermaid().split('\n').length).toBe(
      new Topology(sample()).toMermaid().split('\n').length,
    );
  });
});

describe('DOT', () => {
  it('is a graph with a cluster a namespace', () => {
    const dot = new Topology(sample()).toDot();
    expect(dot).toContain('  subgraph cluster_1 {\n    label="web\\nnet:[2]";');
    expect(dot).toContain('    n0_4 [label="veth-far\\nveth down", color=gray];');
    expect(dot).toContain('    n2_empty [shape=plaintext, style=solid, label="EACCES: no"];');
    expect(dot).toContain('  n0_3 -- n1_2 [color=blue];');
    expect(dot).toContain('  n0_5 -- n0_2 [style=dashed, dir=forward];');
    expect(dot.match(/ -- /g)).toHaveLength(4);
  });

  it('keeps hostile names inside their quotes', () => {
    const dot = new Topology(hostile()).toDot();
    const outside = dot.replace(/"(?:[^"\\]|\\.)*"/g, '""');
    const plain = new Topology(sample()).toDot().replace(/"(?:[^"\\]|\\.)*"/g, '""');
    expect(outside).toBe(plain);
    // The name's own \N would be replaced by the node's name, its &amp; by an ampersand.
    expect(dot).toContain('\\\\\\\\N');
    expect(dot).toContain('&amp;amp;');
  });
});

/** Enough of an XML reader to notice what a browser would refuse. */
function checkXml(text: string): { tags: number; texts: string[] } {
  const stack: string[] = [];
  const texts: string[] = [];
  let tags = 0;
  const token = /<(\/?)([a-z]+)((?: [a-zA-Z:]+="[^"<&]*")*)(\/?)>|((?:[^<&]|&#\d+;)+)|([\s\S])/gy;
  for (const [, close, name, , empty, content, bad] of text.matchAll(token)) {
    if (bad !== undefined) throw new Error(`not XML: ${JSON.stringify(bad)}`);
    if (content !== undefined) texts.push(content);
    else if (close) expect(stack.pop()).toBe(name);
    else {
      tags++;
      if (!empty) stack.push(name);
    }
  }
  expect(stack).toEqual([]);
  return { tags, texts };
}

describe('SVG', () => {
  it('is well-formed, with every name in it', () => {
    const { texts } = checkXml(new Topology(sample()).toSVG());
    for (const name of ['here', 'web', 'veth-web', 'br0', 'eth0', '10.88.0.2/16']) {
      expect(texts).toContain(name);
    }
  });

  it('stays well-formed with hostile names', () => {
    const svg = new Topology(hostile()).toSVG();
    expect(checkXml(svg).tags).toBe(checkXml(new Topology(sample()).toSVG()).tags + 1);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: XML forbids them
    expect(svg).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u202e\ud800]/);
  });

  it('is the same for the same graph', () => {
    expect(new Topology(sample()).toSVG()).toBe(new Topology(sample()).toSVG());
  });
});

describe('layout', () => {
  /** A host with a bridge of `count` ports, a namespace behind each, and some apart. */
  function star(count: number): Graph {
    const links = [link(1, 'lo', { loopback: true }), link(2, 'br0', { kind: 'bridge' })];
    const namespaces = [namespace(1, { current: true, links })];
    const bridge = { namespace: HOST, index: 2, name: 'br0' };
    for (let i = 0; i < count; i++) {
      const id = 100 + i;
      const near = { namespace: HOST, index: 10 + i, name: `veth${i}` };
      const far = { namespace: `net:[${id}]`, index: 2, name: 'eth0' };
      links.push(link(10 + i, `veth${i}`, { kind: 'veth', master: bridge, peer: far }));
      namespaces.push(
        namespace(id, {
          names: [`c${i}`],
          links: [
            link(2, 'eth0', {
              kind: 'veth',
              peer: near,
              addresses: [{ address: `10.0.${i >> 8}.${i & 255}/16` }],
            }),
          ],
          routes: Array.from({ length: 12 }, (_, r) => ({ family: 4, dst: `10.${r}.0.0/16` })),
        }),
      );
    }
    for (let i = 0; i < 5; i++) namespaces.push(namespace(50 + i));
    return { namespaces };
  }

  const apart = (a: Rect, b: Rect) =>
    a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
  const inside = (a: Rect, b: Rect) =>
    a.x >= b.x &&
    a.y >= b.y &&
    a.x + a.width <= b.x + b.width + 0.01 &&
    a.y + a.height <= b.y + b.height + 0.01;

  it.each([0, 1, 7, 60])('lets nothing overlap, with %i containers', (count) => {
    const graph = star(count);
    const layout = layOut(graph);
    expect(layout.namespaces).toHaveLength(graph.namespaces.length);
    expect(layout.edges).toHaveLength(2 * count);
    const page = { x: 0, y: 0, width: layout.width, height: layout.height };
    layout.namespaces.forEach((box, i) => {
      expect(inside(box, page)).toBe(true);
      for (const other of layout.namespaces.slice(i + 1)) expect(apart(box, other)).toBe(true);
      box.links.forEach((node, n) => {
        expect(inside(node, box)).toBe(true);
        for (const other of box.links.slice(n + 1)) expect(apart(node, other)).toBe(true);
      });
    });
  });

  it('puts the caller’s own first, what hangs on it beneath, the lonely last', () => {
    const [host, ...others] = layOut(star(7)).namespaces;
    for (const box of others.slice(0, 7))
      expect(box.y).toBeGreaterThanOrEqual(host.y + host.height);
    const lowest = Math.max(...others.slice(0, 7).map((box) => box.y));
    for (const box of others.slice(7)) expect(box.y).toBeGreaterThan(lowest);
  });

  it('shows at most eight notes, and says how many more there are', () => {
    const box = layOut(star(1)).namespaces[1];
    expect(box.notes).toHaveLength(8);
    expect(box.notes[7]).toBe('… 5 more');
  });

  it('draws 1,000 namespaces in no time', () => {
    const topology = new Topology(star(1000));
    const start = performance.now();
    const svg = topology.toSVG();
    topology.toMermaid();
    topology.toDot();
    topology.toString();
    expect(performance.now() - start).toBeLessThan(3000);
    expect(svg.match(/class="peer"/g)).toHaveLength(1000);
  });
});

describe('Topology', () => {
  const topology = new Topology(sample());

  it('finds namespaces and links', () => {
    expect(topology.current?.inode).toBe(1);
    expect(topology.namespace('web')?.inode).toBe(2);
    expect(topology.namespace(2)).toBe(topology.namespace('net:[2]'));
    expect(topology.namespace('nowhere')).toBeUndefined();
    expect(topology.link(1, 'ten')?.name).toBe('vlan10');
    expect(topology.link(1, 3)?.name).toBe('veth-web');
  });

  it('follows a reference', () => {
    const peer = topology.link(1, 'veth-web')?.peer;
    const end = peer && topology.follow(peer);
    expect(end?.namespace.names).toEqual(['web']);
    expect(end?.link.name).toBe('eth0');
    expect(topology.follow({ namespace: 'net:[9]', index: 1, name: 'x' })).toBeUndefined();
  });

  it('is its own JSON, hostile names and all', () => {
    expect(JSON.parse(JSON.stringify(topology))).toEqual(JSON.parse(JSON.stringify(sample())));
    const again: Graph = JSON.parse(JSON.stringify(new Topology(hostile())));
    expect(again.namespaces[0].names[0]).toBe(HOSTILE);
  });
});
