import { spawn, spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';

/** Where distributions and runtimes put the plugins. */
const FOLDERS = ['/usr/lib/cni', '/opt/cni/bin', '/usr/libexec/cni'];
const PLUGINS = ['bridge', 'host-local', 'portmap'];

const NETWORK = {
  cniVersion: '0.4.0',
  name: 'bench',
  bridge: 'cni-bench0',
  isGateway: true,
  ipMasq: true,
  hairpinMode: true,
  ipam: {
    type: 'host-local',
    dataDir: '/run/cni-bench',
    ranges: [[{ subnet: '10.95.0.0/16' }]],
    routes: [{ dst: '0.0.0.0/0' }],
  },
};

function isThere(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** CNI's plugins, called as a runtime calls them: a process each, configuration by standard input. */
export class Cni {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** What can be run here, or why nothing can. */
  static find(): Cni | string {
    const folder = FOLDERS.find((each) => PLUGINS.every((name) => isThere(`${each}/${name}`)));
    if (folder === undefined) return "CNI's plugins are not installed";
    const { status } = spawnSync('iptables', ['--version'], { stdio: 'ignore' });
    return status === 0 ? new Cni(folder) : 'iptables, which portmap runs, is not installed';
  }

  async #call(command: 'ADD' | 'DEL', plugin: string, id: string, rest: object): Promise<unknown> {
    const child = spawn(`${this.#folder}/${plugin}`, {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: {
        PATH: process.env.PATH,
        CNI_COMMAND: command,
        CNI_CONTAINERID: id,
        CNI_NETNS: `/run/netns/${id}`,
        CNI_IFNAME: 'eth0',
        CNI_PATH: this.#folder,
      },
    });
    let out = '';
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
    const done = new Promise<number | null>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', resolve);
    });
    child.stdin.end(JSON.stringify({ ...NETWORK, type: plugin, ...rest }));
    if ((await done) !== 0) throw new Error(`CNI's ${plugin}: ${out}`);
    return out === '' ? undefined : JSON.parse(out);
  }

  #ports(hostPort: number): object {
    return {
      snat: true,
      capabilities: { portMappings: true },
      runtimeConfig: { portMappings: [{ hostPort, containerPort: 80, protocol: 'tcp' }] },
    };
  }

  /** Attaches a named namespace that is there, and publishes a port. */
  async add(name: string, hostPort: number): Promise<void> {
    const prevResult = await this.#call('ADD', 'bridge', name, {});
    await this.#call('ADD', 'portmap', name, { ...this.#ports(hostPort), prevResult });
  }

  async delete(name: string, hostPort: number): Promise<void> {
    await this.#call('DEL', 'portmap', name, this.#ports(hostPort));
    await this.#call('DEL', 'bridge', name, {});
  }
}
